"""The addresses of products."""

from django.urls import path

from regulars.orders.views import products

app_name = "products"

urlpatterns = [
    path("", products.listing, name="list"),
    path("/new", products.new, name="new"),
    path("/<str:public_id>", products.page, name="page"),
    path("/<str:public_id>/rows", products.rows, name="rows"),
    path("/<str:public_id>/edit", products.edit, name="edit"),
]
