"""The HTML page, live and as a report."""
