"""Where data comes from. A source of any kind leaves files in the landing folder; nothing else reads it."""
