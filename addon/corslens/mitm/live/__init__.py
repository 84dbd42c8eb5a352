"""The live page: its application, the host in the proxy, the session that it shows."""
