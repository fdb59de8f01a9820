"""Template tags of staff."""
