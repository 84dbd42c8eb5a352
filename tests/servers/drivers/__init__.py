"""How each server is started: one row in table.py a server."""
