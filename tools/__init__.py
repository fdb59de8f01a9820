"""What developing and checking needs; nothing in here is part of the product."""
