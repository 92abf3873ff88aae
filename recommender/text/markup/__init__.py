"""Text as sites store it, with markup in it, as plain text."""
