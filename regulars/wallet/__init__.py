"""Wallet: what we owe customers, credit and points, in a double-entry ledger that is only ever added to."""
