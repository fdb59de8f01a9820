"""Addresses of ratings: one for customers, one for who sets them up."""

from django.urls import path

from regulars.inbox.views import rating

app_name = "rating"

urlpatterns = [
    path("rate/<str:token>/<int:score>", rating.rate, name="rate"),
    path("settings/inbox/rating", rating.settings, name="settings"),
]
