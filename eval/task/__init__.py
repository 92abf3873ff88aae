"""What is asked: articles, curated lists, who may answer."""
