"""What signing in leaves behind."""

from __future__ import annotations

from django.db import models
from django.utils import timezone


class SignInTry(models.Model):
    """Failed sign-ins, counted per e-mail and address, so that guessing is slow."""

    key = models.CharField(max_length=64, unique=True)
    failures = models.PositiveSmallIntegerField(default=0)
    last_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name_plural = "sign-in tries"

    def __str__(self) -> str:
        return f"{self.key}: {self.failures}"
