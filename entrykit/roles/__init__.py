"""The roles that come with entrykit: one folder each, found by its name."""
