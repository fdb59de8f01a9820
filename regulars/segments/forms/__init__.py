"""What forms of groups say: rows of the builder as they are sent."""
