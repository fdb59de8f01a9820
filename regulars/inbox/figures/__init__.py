"""Figures of the inbox: how quickly, how much in time, what about, and which inquiries stand behind each number."""
