"""What is on disk, and FAISS: building, publishing, checking and reading snapshots."""
