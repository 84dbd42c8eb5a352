"""The only importer of mitmproxy: hooks, options, commands, and what its tools show."""
