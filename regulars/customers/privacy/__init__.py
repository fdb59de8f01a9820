"""A person's rights (GDPR, PIPL, CCPA): what may be done with their data, the copy of it, and what erasing means.

permitting    may(person, purpose): the one question whoever sends, sorts or judges people asks first
laws          until when an answer is due, for how many years orders are kept
keeping       what the law lets stay when a person goes: a socket for the rooms above
identifying   the texts by which a person would be recognised
searching     the search for them in every table and every file
sweeping      where copies lie that no room owns: files, finished jobs, sessions, stored answers
previewing    what would go and what would stay
certifying    the certificate of an erasure, and its seal
copying       the copy of a person's data, as JSON and as pages
retention     the rules that run at night
register      who agreed to what; the record of processing
"""

from regulars.customers.privacy.permitting import may

__all__ = ["may"]
