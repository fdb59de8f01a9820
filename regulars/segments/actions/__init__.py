"""Verbs of groups: save and change them, put customers in and take them out.

groups    save, change, copy, put away, delete, bring back
picking   hand-picked groups
moving    who joins and leaves: what the verbs above, and whoever follows the timeline, write
"""
