"""What is compared: the product, its variants and the baselines."""
