"""A snapshot on disk: its files, its manifest, how it is published and kept."""
