"""The engine: a query becomes a set of customers.

compiling   one clause as SQL over tables of the lake; names from the vocabulary, values as parameters
asking      what everybody else calls: sets, counts line by line, first people, reasons
"""
