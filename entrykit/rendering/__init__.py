"""Render settings to files: templates, and the environment that runs them."""
