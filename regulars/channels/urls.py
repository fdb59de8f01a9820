"""Addresses of channels."""

from django.urls import path

from regulars.channels.views import hooks

urlpatterns = [
    path("hooks/<str:connection_id>", hooks.deliver, name="hook"),
]
