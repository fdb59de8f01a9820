"""Addresses of suggestions: what is decided about one, and how they are set up."""

from django.urls import path

from regulars.inbox.views import guessing

app_name = "guessing"

urlpatterns = [
    path("inbox/<str:public_id>/suggestion", guessing.decide, name="decide"),
    path("settings/inbox/suggestions", guessing.settings, name="settings"),
    path("settings/inbox/suggestions/learn", guessing.learn, name="learn"),
    path("settings/inbox/suggestions/forget", guessing.forget, name="forget"),
]
