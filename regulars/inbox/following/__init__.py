"""Following up: what is done where the customer stays silent, in one inquiry and in the whole shop."""
