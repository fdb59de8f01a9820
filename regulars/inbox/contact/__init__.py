"""Contact forms: asked on a page of ours or in a frame on the shop's, each sent one a conversation of its own."""
