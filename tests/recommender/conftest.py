"""Hypothesis repeats itself: the same examples every run, nothing kept on disk, no clock."""

from hypothesis import settings

settings.register_profile("repeatable", derandomize=True, deadline=None, database=None)
settings.load_profile("repeatable")
