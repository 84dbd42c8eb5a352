"""The facts that rules ask about."""
