"""Two reports, or two builds, against each other."""
