"""What staff plugs into the house."""
