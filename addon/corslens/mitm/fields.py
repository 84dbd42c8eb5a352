"""Fields: header lines as mitmproxy has them, and how many of a request's are remembered with what was made of them.

A page sends the very same lines with request after request; looking them up takes a quarter of the time that reading them takes.
"""

type Fields = tuple[tuple[bytes, bytes], ...]

REMEMBERED = 512
"""Requests' header lines that are remembered, for each use."""
LONGEST = 4096
"""Bytes of header lines up to which they are."""
