"""One module for each verb, with `Arguments`, `add_arguments` and `run`."""
