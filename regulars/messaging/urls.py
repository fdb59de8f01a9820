"""The addresses of messages."""

from django.urls import path

from regulars.messaging import views
from regulars.messaging.connected import urls as connected
from regulars.messaging.pages import limits, senders, sent, templates, unsubscribe

app_name = "messaging"

urlpatterns = [
    path("yes/<str:token>", views.confirmation, name="confirm"),
    path("unsubscribe/<str:token>", unsubscribe.unsubscribe, name="unsubscribe"),
    path("settings/messages/senders", senders.senders, name="senders"),
    path("settings/messages/senders/new", senders.new, name="sender-new"),
    path("settings/messages/senders/domains/<str:name>", senders.domain, name="domain"),
    path("settings/messages/senders/<str:account_id>", senders.sender, name="sender"),
    path("settings/messages/senders/<str:account_id>/act", senders.act, name="sender-act"),
    path("settings/messages/limits", limits.limits, name="limits"),
    path("settings/messages/limits/suppress", limits.suppress, name="suppress"),
    path("settings/messages/limits/<str:suppression_id>/lift", limits.lift, name="lift"),
    path("settings/messages/sent", sent.messages, name="messages"),
    path("settings/messages/sent/held", sent.send_held, name="send-held"),
    path("settings/messages/sent/<str:message_id>", sent.message, name="message"),
    path("settings/messages/sent/<str:message_id>/act", sent.act, name="message-act"),
    path("settings/messages/templates", templates.templates, name="templates"),
    path("settings/messages/templates/new", templates.new, name="template-new"),
    path("settings/messages/templates/<str:template_id>", templates.template, name="template"),
    path("settings/messages/templates/<str:template_id>/rename", templates.rename, name="template-rename"),
    path("settings/messages/templates/<str:template_id>/preview", templates.preview, name="template-preview"),
    path("settings/messages/templates/<str:template_id>/test", templates.test, name="template-test"),
    *connected.urlpatterns,
]
