"""The customer query language: text to tree, tree to text, and what a query means. Knows no Django and no database.

words       what can be asked: attributes, functions and their parameters, as the language sees them (`Words`)
tree        a query that was read: clauses, AND, OR, NOT, each with the place in the text where it stands
"""
