"""What an evaluation found, as files, tables and a page."""
