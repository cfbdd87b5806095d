"""Find the daemon, have it check its files, and execute it."""
