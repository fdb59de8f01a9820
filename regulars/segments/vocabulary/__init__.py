"""The vocabulary: what can be asked of a customer, and in which columns of the lake the answer stands.

declared    attributes, functions and parameters with their columns; rooms add theirs in wiring.py; `words_for(reader)`
reading     what is known of one customer, from declarations and rows: the other half of what a query means
"""
