"""How long inquiries are kept, and letting go of what is older."""
