"""The snapshot in service, the changes since it was built, and how they are announced."""
