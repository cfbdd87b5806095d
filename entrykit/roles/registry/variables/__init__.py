"""The variables of the registry, by subject."""
