"""A query in the words of people: one sentence, or clause by clause, in the language of whoever asks.

values        literals: amounts, days, choices, lists of them
comparing     what a test says of a value: more than €500, before 30 May 2026
sentences     a whole query as a sentence, and one clause as label, operator and value
"""

from regulars.segments.phrasing.sentences import Phrase, phrase_clause, sentence
from regulars.segments.phrasing.values import looked_up_once

__all__ = ["Phrase", "looked_up_once", "phrase_clause", "sentence"]
