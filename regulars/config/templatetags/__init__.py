"""What only the finder shows."""
