"""Traffic rebuilt from public bug reports, and what the first sentence has to say about it."""
