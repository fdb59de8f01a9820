"""Every address of the house."""

from django.urls import URLPattern, URLResolver, include, path

from regulars.config import api_urls
from regulars.config.views import audit, errors, find, shop, today
from regulars.core.live import streams
from regulars.core.views import backups, jobs, pages
from regulars.orders.views import paying
from regulars.staff.access import SIGNED_IN, public, requires

urlpatterns: list[URLPattern | URLResolver] = [
    path("", today.today, name="today"),
    path("find", find.find, name="find"),
    *api_urls.urlpatterns,
    path("live", requires(SIGNED_IN)(streams.stream), name="live"),
    path("live/open", public(streams.open_stream), name="live-open"),
    path("assets/regulars.css", public(pages.stylesheet), name="stylesheet"),
    path("ui", requires(SIGNED_IN)(pages.pieces), name="ui"),
    path("settings/shop", shop.settings, name="shop-settings"),
    path("settings/about", shop.about, name="about"),
    path("settings/backups", requires("backups.view")(backups.backups), name="backups"),
    path("settings/backups/new", requires("backups.edit")(backups.back_up_now), name="backup-now"),
    path("settings/backups/release", requires("backups.edit", recent=True)(backups.release), name="backup-release"),
    path("settings/backups/<str:name>/proof", requires("backups.edit")(backups.verify), name="backup-verify"),
    path("settings/backups/<str:name>/gone", requires("backups.edit", recent=True)(backups.remove), name="backup-gone"),
    path("settings/audit", audit.log, name="audit"),
    path("settings/audit/export", audit.export, name="audit-export"),
    path("settings/jobs", requires("jobs.view")(jobs.jobs), name="jobs"),
    path("settings/jobs/<uuid:job_id>/attempts", requires("jobs.edit")(jobs.try_again), name="job-again"),
    path("settings/jobs/<uuid:job_id>/stop", requires("jobs.edit")(jobs.stop), name="job-stop"),
    path("", include("regulars.staff.urls")),
    path("", include("regulars.messaging.urls")),
    path("", include("regulars.channels.settings_urls")),
    path("", include("regulars.inbox.mail_urls")),
    path("", include("regulars.customers.privacy.urls")),
    path("pay/<str:secret>", paying.pay, name="pay"),
    path("", include("regulars.channels.urls")),
    path("", include("regulars.wallet.urls")),
    path("customers", include("regulars.customers.urls")),
    path("groups", include("regulars.segments.urls")),
    path("", include("regulars.inbox.promise_urls")),
    path("", include("regulars.inbox.sorting_urls")),
    path("", include("regulars.inbox.rating_urls")),
    path("", include("regulars.inbox.guessing_urls")),
    path("", include("regulars.inbox.contact_urls")),
    path("", include("regulars.inbox.chat_urls")),
    path("", include("regulars.inbox.article_urls")),
    path("inbox", include("regulars.inbox.urls")),
    path("orders", include("regulars.orders.urls")),
    path("products", include("regulars.orders.product_urls")),
]

handler400, handler403, handler404, handler500 = (
    f"{errors.__name__}.{name}" for name in ("bad_request", "forbidden", "not_found", "broken")
)
