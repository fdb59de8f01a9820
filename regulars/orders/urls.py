"""The addresses of orders."""

from django.urls import path

from regulars.orders import views

app_name = "orders"

urlpatterns = [
    path("", views.orders, name="list"),
    path("/returns/<str:public_id>", views.returned, name="return"),
    path("/<str:public_id>", views.page, name="page"),
]
