"""Readers of WordPress: exports (``wxr``), dumps of its REST API (``rest``), and the API itself (``live``)."""
