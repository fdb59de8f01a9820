"""The doors: the only place that knows all rooms."""
