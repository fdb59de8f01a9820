"""The addresses of orders."""

from django.urls import path

from regulars.orders.views import behind, checkouts, deeds, drafts, exchanging, linking, listing, page, why

app_name = "orders"

urlpatterns = [
    path("", listing.orders, name="list"),
    path("/returns/<str:public_id>", page.returned, name="return"),
    path("/checkouts", checkouts.checkouts, name="checkouts"),
    path("/why", why.account, name="why"),
    path("/why/rows", why.rows, name="why-rows"),
    path("/of/<str:public_id>", behind.rows, name="behind"),
    path("/links/<str:public_id>/end", linking.revoke, name="link-end"),
    path("/new", drafts.new, name="new"),
    path("/draft/products", drafts.products, name="draft-products"),
    path("/draft/customers", drafts.customers, name="draft-customers"),
    path("/payments/<str:public_id>/void", deeds.void, name="void"),
    path("/returns/<str:public_id>/exchange", exchanging.exchange, name="exchange"),
    path("/returns/<str:public_id>/<str:what>", deeds.step, name="return-step"),
    path("/<str:public_id>", page.page, name="page"),
    path("/<str:public_id>/payments", deeds.pay, name="pay"),
    path("/<str:public_id>/returns", deeds.send_back, name="send-back"),
    path("/<str:public_id>/returns/proposal", deeds.proposal, name="proposal"),
    path("/<str:public_id>/cancel", deeds.cancel, name="cancel"),
    path("/<str:public_id>/copy", deeds.copy, name="copy"),
    path("/<str:public_id>/delete", deeds.delete, name="delete"),
    path("/<str:public_id>/words", deeds.write, name="write"),
    path("/<str:public_id>/words/<str:before>", deeds.put_back, name="back"),
    path("/<str:public_id>/lines/<str:removed>", drafts.put_back, name="line-back"),
    path("/<str:public_id>/link", linking.make, name="link-make"),
]
