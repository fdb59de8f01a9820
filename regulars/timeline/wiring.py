"""What the timeline plugs into the house."""
