"""Questions of their own: what signals add, how many lists it takes, which weights are shipped."""
