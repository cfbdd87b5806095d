"""The grammar of DOMAINS: which app serves which domains."""
