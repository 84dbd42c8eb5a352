"""Requests of our own (`corslens check`): to hosts that the user named and nowhere else, at a limited rate, heads only."""
