"""The addresses of customers."""

from django.urls import path

from regulars.customers.views import addresses, consent, deleting, editing, listing, page

app_name = "customers"

urlpatterns = [
    path("", listing.customers, name="list"),
    path("/new", editing.new, name="new"),
    path("/export", listing.export, name="export"),
    path("/columns", listing.choose_columns, name="columns"),
    path("/filter/<str:name>", listing.ask_filter, name="filter"),
    path("/deleted", deleting.deleted, name="deleted"),
    path("/wordings", consent.wordings, name="wordings"),
    path("/<str:public_id>", page.page, name="page"),
    path("/<str:public_id>/consent", consent.consent, name="consent"),
    path("/<str:public_id>/consent/record", consent.write_down, name="consent-write"),
    path("/<str:public_id>/consent/question", consent.ask, name="consent-ask"),
    path("/<str:public_id>/peek", page.peek, name="peek"),
    path("/<str:public_id>/edit", editing.edit, name="edit"),
    path("/<str:public_id>/delete", deleting.delete, name="delete"),
    path("/<str:public_id>/restore", deleting.restore, name="restore"),
    path("/<str:public_id>/erase", deleting.erase, name="erase"),
    path("/<str:public_id>/changes/<int:entry_id>/undo", editing.undo, name="undo"),
    path("/<str:public_id>/addresses/new", addresses.new, name="address-new"),
    path("/<str:public_id>/addresses/<str:address_id>/edit", addresses.edit, name="address-edit"),
    path("/<str:public_id>/addresses/<str:address_id>/remove", addresses.remove, name="address-remove"),
    path("/<str:public_id>/addresses/<str:address_id>/default", addresses.make_default, name="address-default"),
    path("/<str:public_id>/<slug:slug>", page.page, name="tab"),
]
