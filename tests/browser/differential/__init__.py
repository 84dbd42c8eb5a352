"""Seeded scenarios through a real browser and a real mitmdump: our verdicts against the browser's own."""
