"""Text that many articles share: found when an index is built, and left out of what is read."""
