"""Articles as arrays: their texts as views, vectors, terms and fingerprints, and the models that make these."""
