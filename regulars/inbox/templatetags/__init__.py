"""What only the pages of the inbox draw."""
