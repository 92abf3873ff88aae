"""The HTTP API: related lists for a website."""
