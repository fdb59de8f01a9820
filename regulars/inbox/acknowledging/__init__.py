"""The acknowledgement: at once, in the customer's language, with a time that was worked out of what was."""
