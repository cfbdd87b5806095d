"""From lineages to what HAProxy reads and serves."""
