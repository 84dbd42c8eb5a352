"""The same session in every form in which it can be captured."""
