"""Reader of Markdown with front matter, as Hugo, Jekyll, Eleventy, Astro, MkDocs, Docusaurus and Zola use it."""

from recommender.sources.markdown.folder import fits_tree, read_tree
from recommender.sources.markdown.single import fits, read

__all__ = ["fits", "fits_tree", "read", "read_tree"]
