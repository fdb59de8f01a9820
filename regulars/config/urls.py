"""Every address of the house."""

from django.urls import URLPattern, URLResolver, include, path

from regulars.config import api_urls
from regulars.core.views import health, jobs
from regulars.staff.access import public, requires

urlpatterns: list[URLPattern | URLResolver] = [
    *api_urls.urlpatterns,
    path("healthz", public(health.healthz), name="healthz"),
    path("readyz", public(health.readyz), name="readyz"),
    path("settings/jobs", requires("jobs.view")(jobs.jobs), name="jobs"),
    path("settings/jobs/<uuid:job_id>/attempts", requires("jobs.edit")(jobs.try_again), name="job-again"),
    path("settings/jobs/<uuid:job_id>/stop", requires("jobs.edit")(jobs.stop), name="job-stop"),
    path("customers", include("regulars.customers.urls")),
    path("orders", include("regulars.orders.urls")),
]
