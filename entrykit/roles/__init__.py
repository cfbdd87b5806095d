"""The roles that come with entrykit: one directory each, found by its name."""
