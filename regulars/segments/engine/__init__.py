"""The engine: a query becomes a set of customers (docs/decisions/0034).

comparing     one test as a condition in SQL; whatever somebody wrote is a parameter
drafting      a statement while it is written: its parameters, and the columns it needs
compiling     one clause as one statement: attributes; with calls, figures and sequences
running       DuckDB in this process, over columns in memory, with limits of time and memory
remembering   sets that were found before, in the process and beside the version's columns
sets          a query as arithmetic on sets, patched with whoever was touched since; grouped: saved groups in it
asking        what everybody else calls: sets, counts line by line, first people, reasons
explaining    why one customer is in, by the definition itself (reference); wording and changing say it to people
"""
