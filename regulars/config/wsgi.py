"""The web door, as a WSGI server opens it."""

import os

from django.core.wsgi import get_wsgi_application

from regulars.config.sign_in import forget_when_changed
from regulars.config.supervisor import THREADS, follow_parent
from regulars.core.in_use import keep_open

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "regulars.config.settings")

follow_parent()
pages = get_wsgi_application()

from regulars.core.live.gate import Gate  # noqa: E402 — its tables need the application
from regulars.timeline import pump  # noqa: E402 — as above

application = Gate(pages, pages=THREADS)

keep_open()
pump.start()
forget_when_changed()
