"""Why an article is in a list, in words and quotes."""
