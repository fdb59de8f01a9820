"""Orders from files: which column is what, what the file means by its dates, and rows written many at a time."""
