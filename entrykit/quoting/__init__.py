"""One module for each target format: values become text that means them and nothing else."""
