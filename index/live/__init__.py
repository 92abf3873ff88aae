"""The snapshot in service, the changes behind it, and how they are heard of."""
