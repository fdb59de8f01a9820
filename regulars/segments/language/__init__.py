"""The customer query language: text to tree, tree to text, and what a query means. Knows no Django and no database.

words       what can be asked: attributes, functions and their parameters, as the language sees them (`Words`)
tree        a query that was read: clauses, AND, OR, NOT, each with the place in the text where it stands
scanning    a text as tokens; cursor: where the parser stands in them
parsing     `parse`: from text to tree; literals: its values; operators: which of them each kind takes
errors      what is wrong with a text, where, and what was meant (segments/saying.py says it to people)
completing  what could be written at a place
canonical   the one text of every tree
dates       which moments, days and anniversaries a date in a query means
evaluating  what a query means, over one customer; builder and as_json: a query as rows that people put together
"""
