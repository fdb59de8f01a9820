"""The addresses of messages."""

from django.urls import path

from regulars.messaging import views
from regulars.messaging.connected import urls as connected

app_name = "messaging"

urlpatterns = [
    path("settings/mail", views.mails, name="mails"),
    path("settings/mail/<str:public_id>/again", views.again, name="again"),
    path("yes/<str:token>", views.confirmation, name="confirm"),
    *connected.urlpatterns,
]
