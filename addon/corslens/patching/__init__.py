"""Patching: from failing checks to the fewest header edits after which every engine allows the exchange. Pure."""
