"""Asking how an answer was: one mail after an inquiry is done, one click to say it."""
