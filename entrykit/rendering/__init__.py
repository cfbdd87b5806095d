"""From settings to files: templates, and what runs them."""
