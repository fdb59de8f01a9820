"""Addresses of chats: two for the shop's pages, the others for who sets them up."""

from django.urls import path

from regulars.inbox.views import chat_door, chats

app_name = "chats"

urlpatterns = [
    path("chat/<str:public_id>.js", chat_door.script, name="chat-script"),
    path("chat/<str:public_id>/talk", chat_door.talk, name="chat-talk"),
    path("settings/inbox/chat", chats.listed, name="list"),
    path("settings/inbox/chat/new", chats.chat, name="new"),
    path("settings/inbox/chat/<str:public_id>", chats.chat, name="chat"),
    path("settings/inbox/chat/<str:public_id>/switch", chats.switch, name="switch"),
    path("settings/inbox/chat/<str:public_id>/preview", chats.preview, name="preview"),
]
