"""From a due lineage to an order that the CA accepts."""
