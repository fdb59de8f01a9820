"""Which posts wait to be brought into the search index (inbox/indexing.py does it)."""

from __future__ import annotations

from regulars.inbox.models import Post, Unsearched


def mark(*posts: Post) -> None:
    """Note posts that were written, in the same transaction; searches read them until the index has them."""
    Unsearched.objects.bulk_create([Unsearched(post_id=post.pk) for post in posts])
