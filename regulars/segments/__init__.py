"""Which of them: the customer query language, its engine, and saved groups."""
