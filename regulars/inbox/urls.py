"""Addresses under /inbox."""

from django.urls import path

from regulars.inbox.views import answering, framed, listing, new, page, working

app_name = "inbox"
urlpatterns = [
    path("", listing.listing, name="list"),
    path("/rows", listing.rows, name="rows"),
    path("/bulk", listing.bulk, name="bulk"),
    path("/views", listing.keep_view, name="view-keep"),
    path("/new", new.new, name="new"),
    path("/new/who", new.who, name="who"),
    path("/done/<str:public_id>/undo", working.undo, name="undo-work"),
    path("/files/<str:public_id>", framed.file, name="file"),
    path("/posts/<str:public_id>/html", framed.html, name="html"),
    path("/posts/<str:public_id>/undo", answering.undo, name="undo"),
    path("/posts/<str:public_id>/again", answering.again, name="again"),
    path("/<str:public_id>", page.page, name="page"),
    path("/<str:public_id>/posts", page.posts, name="posts"),
    path("/<str:public_id>/here", page.here, name="here"),
    path("/<str:public_id>/work", working.work, name="work"),
    path("/<str:public_id>/answer", answering.answer, name="answer"),
    path("/<str:public_id>/draft", answering.draft, name="draft"),
    path("/<str:public_id>/canned", answering.canned, name="canned"),
]
