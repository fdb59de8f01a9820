"""Verbs of the inbox: the only writers of conversations."""
