"""The addresses of orders."""

from django.urls import path

from regulars.orders.views import listing, page

app_name = "orders"

urlpatterns = [
    path("", listing.orders, name="list"),
    path("/returns/<str:public_id>", page.returned, name="return"),
    path("/<str:public_id>", page.page, name="page"),
]
