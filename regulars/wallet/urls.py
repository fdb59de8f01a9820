"""The addresses of the wallet."""

from django.urls import path

from regulars.wallet.views import customer

app_name = "wallet"

urlpatterns = [
    path("customers/<str:public_id>/credit", customer.statement, name="customer"),
    path("customers/<str:public_id>/credit/look", customer.look, name="look"),
    path("customers/<str:public_id>/credit/give", customer.give, name="give"),
]
