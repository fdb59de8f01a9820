"""Work on many customers at once: planned first, applied as one, and taken back as one.

    action      the socket: what can be done with many customers
    selection   whom it is done with: some by id, or everybody in a list
    reading     change sets and their lines, for pages, API and command line
    columns, tags, custom, consent, lifecycle     the actions of this room, plugged in by wiring.py

The verbs are in actions/bulk.py.
"""
