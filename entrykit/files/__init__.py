"""Write rendered files to the disk: all of them or none."""
