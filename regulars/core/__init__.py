"""The kit: identities, money, text, background work and the pieces pages are made of; no business words."""
