from django.urls import path

from regulars.inbox.views import figures, kept, promising

app_name = "promises"

urlpatterns = [
    path("settings/inbox/promises", promising.promises, name="promises"),
    path("settings/inbox/promises/new", promising.promise, name="promise-new"),
    path("settings/inbox/promises/<str:public_id>", promising.promise, name="promise"),
    path("settings/inbox/promises/<str:public_id>/move", promising.move, name="promise-move"),
    path("settings/inbox/promises/<str:public_id>/remove", promising.remove, name="promise-remove"),
    path("settings/inbox/calendars/new", promising.calendar, name="calendar-new"),
    path("settings/inbox/calendars/<str:public_id>", promising.calendar, name="calendar"),
    path("settings/inbox/calendars/<str:public_id>/remove", promising.calendar_remove, name="calendar-remove"),
    path("settings/inbox/acknowledgement", promising.acknowledgement, name="acknowledgement"),
    path("inbox/kept", kept.kept, name="kept"),
    path("inbox/figures", figures.figures, name="figures"),
    path("inbox/figures/behind", figures.behind, name="behind"),
]
