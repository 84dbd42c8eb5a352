"""How long anything may take before it counts as hung."""

DEADLINE_SECONDS = 300.0
"""Only there to end a hang: more than ten times what the slowest single wait took with both cores kept busy. No test is about it."""
