"""Tags for templates of groups."""
