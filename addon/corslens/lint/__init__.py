"""The linter: Facts (the vocabulary rules are written in), the loader of rules, and run, which makes Findings."""
