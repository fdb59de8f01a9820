"""Canaries: values that nobody else has, planted in every protected field, and looked for in every answer."""
