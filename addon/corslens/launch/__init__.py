"""Programs behind the proxy: browsers with a profile of their own, and commands with the proxy in their environment."""
