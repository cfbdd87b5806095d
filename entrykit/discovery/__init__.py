"""Which roles exist: built-in ones, those on ENTRYKIT_ROLES_PATH, and those of packages."""
