"""Certificates as daemons want them."""
