"""What editors decide: pins and blocks for one list, rules for the whole site."""
