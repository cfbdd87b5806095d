"""Which roles there are, and how one is loaded."""
