"""The demo: a small shop of CORS mistakes, a browser that walks into them, and what corslens says."""
