"""Toasts: what just happened, and how to take it back. Never for errors: those stand where they happened."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest


def toast(request: HttpRequest, sentence: str, *, undo: str = "") -> None:
    """Say on the next page (or at once, where htmx asked) what happened; `undo` is the address that takes it back."""
    messages.success(request, sentence, extra_tags=undo)
