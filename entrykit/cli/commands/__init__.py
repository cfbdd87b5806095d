"""One module for each command, with `Arguments`, `add_arguments` and `run`."""
