"""Reads of conversations: for pages, the API and figures."""
