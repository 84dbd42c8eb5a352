"""What a browser itself says of a request: its own record, beside what was seen on the wire."""
