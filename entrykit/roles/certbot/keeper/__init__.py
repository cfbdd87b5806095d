"""The container's main program and its rounds."""
