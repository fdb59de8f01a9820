"""The verbs of the wallet: the only ways its books are added to."""
