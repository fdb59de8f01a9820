"""What other systems are told of what happened here (docs/decisions/0028-outgoing-webhooks.md).

fanning    entries of the timeline become postings: which address is to be told of which entry
messages   a posting becomes a message, when it is sent, as the owner of its address may see it
signing    the message is signed (Standard Webhooks)
sending    it is sent, tried again with growing delay, and given up
verbs      what people do with addresses
pump       the thread that does all of it, in every worker
"""
