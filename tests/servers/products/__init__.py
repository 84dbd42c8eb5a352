"""Products that Debian, PyPI or npm have: started, asked by a real Chromium behind a real mitmdump, and recognized (or not) by their marks."""
