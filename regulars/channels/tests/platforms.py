"""Small servers that speak as the platforms' documents say, on this machine: what connectors fetch from in tests."""

import base64
import datetime as dt
import http.server
import json
import threading
from contextlib import contextmanager
from urllib.parse import parse_qs, urlencode, urlsplit


class Platform:
    """Answers of a platform, and what it was asked. `trouble` takes the place of the next answers, or delays them."""

    def __init__(self):
        self.asked = []
        self.trouble = []
        self.url = ""

    def answer(self, method, path, query, headers, body):
        """Status, headers and JSON."""
        raise NotImplementedError


class ShopifyShop(Platform):
    """The REST Admin API: page_info links, since_id and updated_at_min, counts, a leaky bucket, webhooks."""

    token = "shpat_test"

    def __init__(self, page=2):
        super().__init__()
        self.page = page
        self.objects = {"products": [], "customers": [], "orders": [], "checkouts": []}
        self.transactions = {}
        self.webhooks = []
        self.links = {}
        self.bucket = "1/40"

    def answer(self, method, path, query, headers, body):
        if headers.get("X-Shopify-Access-Token") != self.token:
            return 401, {}, {"errors": "[API] Invalid API key or access token"}
        kind = path.removeprefix("/admin/api/").partition("/")[2].removesuffix(".json")
        more = {"X-Shopify-Shop-Api-Call-Limit": self.bucket}
        if kind == "webhooks":
            if method == "POST":
                self.webhooks.append(json.loads(body)["webhook"])
                return 201, more, {"webhook": self.webhooks[-1]}
            return 200, more, {"webhooks": self.webhooks}
        if kind.endswith("/count"):
            return 200, more, {"count": len(self.objects[kind.removesuffix("/count")])}
        if kind.endswith("/transactions"):
            return 200, more, {"transactions": self.transactions.get(kind.split("/")[1], [])}
        if kind not in self.objects:
            return 404, more, {"errors": "Not Found"}
        if "page_info" in query:
            if set(query) - {"limit", "page_info"}:
                return 400, more, {"errors": "page_info with other filters"}
            if query["page_info"] not in self.links:
                return 400, more, {"errors": {"page_info": "Invalid value."}}
            found = self.links[query["page_info"]]
        else:
            found = self._chosen(kind, query)
        if len(found) > self.page:
            name = f"p{len(self.links)}"
            self.links[name] = found[self.page :]
            address = f"https://somewhere.else{path}?{urlencode({'limit': 2, 'page_info': name})}"
            more["Link"] = f'<https://x/?page_info=back>; rel="previous", <{address}>; rel="next"'
        return 200, more, {kind: found[: self.page]}

    def _chosen(self, kind, query):
        found = sorted(self.objects[kind], key=lambda one: one["id"])
        if "since_id" in query:
            return [one for one in found if one["id"] > int(query["since_id"])]
        if "updated_at_min" in query:
            since = dt.datetime.fromisoformat(query["updated_at_min"])
            fresh = [one for one in found if dt.datetime.fromisoformat(one["updated_at"]) >= since]
            return sorted(fresh, key=lambda one: one["updated_at"])
        first, last = (dt.datetime.fromisoformat(query[f"processed_at_{end}"]) for end in ("min", "max"))
        return [one for one in found if first <= dt.datetime.fromisoformat(one["created_at"]) <= last]


class WooShop(Platform):
    """The REST API v3: numbered pages with their totals in headers, refunds and variations beneath, webhooks."""

    key, secret = "ck_test", "cs_test"

    def __init__(self, page=2):
        super().__init__()
        self.page = page
        self.objects = {"products": [], "customers": [], "orders": []}
        self.below = {}
        self.webhooks = []

    def answer(self, method, path, query, headers, body):
        wanted = "Basic " + base64.b64encode(f"{self.key}:{self.secret}".encode()).decode()
        if headers.get("Authorization") != wanted:
            return 401, {}, {"code": "woocommerce_rest_cannot_view"}
        kind = path.removeprefix("/wp-json/wc/v3/")
        if kind == "webhooks" and method == "POST":
            self.webhooks.append(json.loads(body))
            return 201, {}, self.webhooks[-1]
        found = self.webhooks if kind == "webhooks" else self.below.get(kind, self.objects.get(kind))
        if found is None:
            return 404, {}, {"code": "rest_no_route"}
        found = [one for one in found if self._is_chosen(one, query)]
        if query.get("orderby") == "registered_date":
            found.sort(key=lambda one: one["date_created_gmt"], reverse=query["order"] == "desc")
        size = min(int(query.get("per_page", 10)), self.page if kind != "webhooks" else 100)
        start = (int(query.get("page", 1)) - 1) * size
        pages = max(1, -(-len(found) // size))
        return 200, {"X-WP-Total": str(len(found)), "X-WP-TotalPages": str(pages)}, found[start : start + size]

    @staticmethod
    def _is_chosen(one, query):
        return (
            one.get("date_modified_gmt", "") >= query.get("modified_after", "")
            and one.get("date_created_gmt", "") >= query.get("after", "")
            and ("before" not in query or one["date_created_gmt"] < query["before"])
        )


@contextmanager
def served(platform):
    """The platform at an address of this machine, until the end of the block."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def _do(self):
            parts = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            platform.asked.append((self.command, parts.path, query))
            trouble = platform.trouble.pop(0) if platform.trouble else None
            if isinstance(trouble, float):
                threading.Event().wait(trouble)
            if isinstance(trouble, tuple):
                status, headers, found = trouble
            else:
                status, headers, found = platform.answer(self.command, parts.path, query, self.headers, body)
            answer = found if isinstance(found, bytes) else json.dumps(found).encode()
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        do_GET = do_POST = _do  # noqa: N815 — http.server names them

        def log_message(self, *_words):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    platform.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield platform
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
