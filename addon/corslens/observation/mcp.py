"""What clients of MCP servers need of CORS, whichever of it a request shows.

Standard: Streamable HTTP, https://modelcontextprotocol.io/specification/2025-06-18/basic/transports
"""

MCP_SESSION = "mcp-session-id"
MCP_REQUEST_HEADERS = ("mcp-protocol-version", MCP_SESSION, "last-event-id")
MCP_METHODS = ("GET", "POST", "DELETE")
