"""Mail comes in: fetched, handed in or passed on; kept raw, written into the ledger, read, and nothing of it lost.

line       one sign-in at an IMAP server: what is there, and what it says; nothing of ours
signing    how one signs in: a password, or an OAuth token that is renewed
raw        the mails as they came, sealed in the data folder
ledger     the only place that writes down that a mail came
fetching   what is new in a mailbox, by the numbers of its mails, in batches
watching   a thread that keeps a line to every mailbox open
listening  our own door for mail servers (LMTP, SMTP)
sorting    from the ledger into the inbox: a conversation, a bounce, an automatic mail, or quarantine
counting   once a day: is there a mail on the server that is not in the ledger?
"""
