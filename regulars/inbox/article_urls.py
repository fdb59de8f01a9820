"""Addresses of help articles: where the team writes them, and where everybody reads them."""

from django.urls import include, path

from regulars.inbox.views import articles, help_centre

_staff = (
    [
        path("", articles.listing, name="list"),
        path("/new", articles.new, name="new"),
        path("/centre", articles.centre, name="centre"),
        path("/preview", articles.preview, name="preview"),
        path("/misses", articles.forget, name="forget"),
        path("/sections", articles.section, name="section-new"),
        path("/sections/<str:public_id>", articles.section, name="section"),
        path("/sections/<str:public_id>/gone", articles.section_gone, name="section-gone"),
        path("/<str:public_id>", articles.article, name="article"),
        path("/<str:public_id>/page", articles.draft, name="draft"),
        path("/<str:public_id>/state", articles.state, name="state"),
        path("/<str:public_id>/restore", articles.restore, name="restore"),
        path("/<str:public_id>/texts/gone", articles.text_gone, name="text-gone"),
    ],
    "articles",
)
_public = (
    [
        path("", help_centre.home, name="help-home"),
        path("/<slug:slug>", help_centre.article, name="help-article"),
        path("/<slug:slug>/said", help_centre.said, name="help-said"),
    ],
    "help",
)
urlpatterns = [
    path("inbox/articles", include(_staff)),
    path("help", include(_public)),
]
