"""The rules as a reader sees them: terminal, Markdown, JSON schema."""
