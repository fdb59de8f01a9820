"""What every room's API is made of: problems, preconditions, calls that happen once, and the routes that use them."""
