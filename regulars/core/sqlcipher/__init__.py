"""SQLite with its file encrypted: Django's own backend over SQLCipher's driver (docs/decisions/0018)."""
