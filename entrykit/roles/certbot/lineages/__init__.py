"""certbot's lineages on the disk."""
