"""Real servers with the settings that corslens writes for them, asked by a real browser through the proxy."""
