"""Comparison of two reports, and of two snapshots."""
