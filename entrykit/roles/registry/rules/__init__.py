"""What must hold between variables, and with files."""
