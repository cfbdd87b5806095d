"""Explain a role: its variables, which of them sets which line, differences, drawings."""
