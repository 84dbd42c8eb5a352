"""Correctly configured servers, and the traffic of a well-behaved page with them."""
