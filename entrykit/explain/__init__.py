"""Answers about a role: reference, differences, drawings, which variable sets which line."""
