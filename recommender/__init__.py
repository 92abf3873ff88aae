"""The domain: articles in, related lists out. No HTTP and no FAISS file in here."""

__version__ = "0.1.0"

__all__ = ["__version__"]
