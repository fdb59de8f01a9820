"""Help articles: written by the team, read and searched by everybody, put into answers."""
