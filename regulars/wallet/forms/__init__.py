"""The forms of the wallet."""
