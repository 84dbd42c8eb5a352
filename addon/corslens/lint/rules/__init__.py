"""Rules as data: their files, conditions, messages, samples and the index."""
