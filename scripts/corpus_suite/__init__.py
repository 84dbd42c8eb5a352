"""A corpus of captures made up from a seed, whose servers' manners are known, and what is measured on it."""
