"""The pages of messages: senders, limits and addresses not written to, what was sent; and the way out for customers."""
