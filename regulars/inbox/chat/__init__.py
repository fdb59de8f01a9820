"""Chats on the shop's pages: what visitors write becomes an inquiry, and answers appear where they wrote."""
