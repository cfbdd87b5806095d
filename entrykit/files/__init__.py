"""From files in memory to the disk: all of them or none."""
