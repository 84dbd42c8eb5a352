"""corslens: see, understand and mend CORS in real traffic."""

__version__ = "0.1.0"
