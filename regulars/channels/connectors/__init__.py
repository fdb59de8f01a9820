"""Translators, one folder a system: their JSON and files in, our records (channels/records.py) out."""
