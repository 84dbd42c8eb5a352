"""Fuzz targets, one a kind of input; each says what must hold whatever the bytes are."""
