"""The daemon: found, asked to check its files, and executed."""
