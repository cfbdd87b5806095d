"""What is known of each image: images/<name>/image.toml, and what is made of it."""
