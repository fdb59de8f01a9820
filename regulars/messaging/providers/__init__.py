"""Translators between this house and the services that carry messages: one folder each, and none knows our tables."""
