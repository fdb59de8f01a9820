"""The addresses of groups."""

from django.urls import path

from regulars.segments.views import beginning, editor, from_list, listing, picked

app_name = "segments"

urlpatterns = [
    path("", listing.groups, name="list"),
    path("/begin", beginning.begin, name="begin"),
    path("/ready/<str:name>", beginning.counted, name="ready"),
    path("/shopify", beginning.paste, name="paste"),
    path("/new", editor.new, name="new"),
    path("/from-list", from_list.begin, name="from-list"),
    path("/try", editor.tried, name="try"),
    path("/complete", editor.complete, name="complete"),
    path("/who", editor.who, name="who"),
    path("/offered", picked.offered, name="offered"),
    path("/folders", listing.folders, name="folders"),
    path("/folders/<str:public_id>", listing.folder, name="folder"),
    path("/undo/<str:deed>", listing.undo, name="undo"),
    path("/back/<str:deed>", picked.put_back, name="put-back"),
    path("/<str:public_id>", editor.page, name="page"),
    path("/<str:public_id>/members", picked.history, name="members"),
    path("/<str:public_id>/people", picked.change, name="people"),
    path("/<str:public_id>/move", listing.move, name="move"),
    path("/<str:public_id>/copy", listing.copy, name="copy"),
    path("/<str:public_id>/archive", listing.archive, name="archive"),
    path("/<str:public_id>/delete", listing.delete, name="delete"),
]
