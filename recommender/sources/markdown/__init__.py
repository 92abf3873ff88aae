"""Reader of Markdown with front matter, as Hugo, Jekyll, Eleventy, Astro, MkDocs, Docusaurus and Zola use it."""

from recommender.sources.markdown.folder import fits_tree, read_tree
from recommender.sources.markdown.single import fits, has_front_matter, read

__all__ = ["fits", "fits_tree", "has_front_matter", "read", "read_tree"]
