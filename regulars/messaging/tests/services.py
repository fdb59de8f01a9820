"""A small server that speaks as the documents of each message service say, on this machine, for tests of this room.

One server for all: the first part of the path says which service it is. What it was asked stands in `asked`, what it
took in `taken`; `trouble` takes the place of the next answers.
"""

import http.server
import json
import threading
from base64 import b64decode, b64encode
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

PNG = b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")


@dataclass
class Asked:
    """A request."""

    method: str
    path: str
    query: dict
    headers: Any
    body: bytes


class Services:
    """All services, and what they were asked."""

    def __init__(self):
        self.url, self.asked, self.taken, self.trouble = "", [], [], []
        self.files, self.tokens, self.hooks = {}, 0, []

    def forget(self):
        """As on the first day."""
        url = self.url
        self.__init__()
        self.url = url

    def answer(self, method, path, query, headers, body):
        """Status, headers and body of an answer."""
        service, _slash, rest = path.lstrip("/").partition("/")
        return getattr(self, f"_{service}")(Asked(method, rest, query, headers, body))

    def _whatsapp(self, asked):
        if asked.headers.get("Authorization") != "Bearer wa-token":
            return 401, {}, {"error": {"message": "Invalid OAuth access token", "type": "OAuthException", "code": 190}}
        if asked.path == "lookaside":
            return 200, {"Content-Type": "image/png"}, self.files[asked.query["id"]]
        name, _slash, thing = asked.path.removeprefix("v23.0/").partition("/")
        if thing == "messages":
            said = json.loads(asked.body)
            assert said["messaging_product"] == "whatsapp"
            self.taken.append(said)
            return 200, {}, {"messages": [{"id": f"wamid.out{len(self.taken)}"}], "messaging_product": "whatsapp"}
        if thing == "media":
            self.files["up"] = asked.body
            return 200, {}, {"id": "media-up"}
        if name in self.files:
            url = f"{self.url}/whatsapp/lookaside?id={name}"
            return 200, {}, {"url": url, "mime_type": "image/png", "id": name, "file_size": len(self.files[name])}
        if name == "111":
            return 200, {}, {"display_phone_number": "+49 40 111", "verified_name": "Hain & Hafen", "id": "111"}
        return 404, {}, {"error": {"message": "Unsupported get request", "code": 100}}

    def _twilio(self, asked):
        if asked.path == "stored":
            assert "Authorization" not in asked.headers, "the keys are shown to nobody else"
            return 200, {"Content-Type": "image/png"}, PNG
        if asked.headers.get("Authorization") != "Basic " + b64encode(b"AC1:tw-token").decode():
            return 401, {}, {"code": 20003, "message": "Authenticate", "status": 401}
        if asked.path.endswith("/Messages.json"):
            said = {name: values[0] for name, values in parse_qs(asked.body.decode()).items()}
            self.taken.append(said)
            return 201, {}, {"sid": f"SM{len(self.taken)}", "status": "queued", "num_segments": "2"}
        if "/Media/" in asked.path:
            return 307, {"Location": f"{self.url}/twilio/stored"}, b""
        return 200, {}, {"friendly_name": "Hain & Hafen SMS", "status": "active"}

    def _telegram(self, asked):
        if asked.path.startswith("file/bottg-token/"):
            return 200, {}, self.files[asked.path.rpartition("/")[2]]
        if not asked.path.startswith("bottg-token/"):
            return 404, {}, {"ok": False, "error_code": 404, "description": "Not Found"}
        name = asked.path.partition("/")[2]
        is_form = asked.headers.get("Content-Type", "").startswith("multipart/form-data; boundary=")
        said = {"form": asked.body} if is_form else json.loads(asked.body)
        if name == "getMe":
            return 200, {}, {"ok": True, "result": {"id": 1, "is_bot": True, "username": "hain_bot"}}
        if name == "setWebhook":
            self.hooks.append(said)
            return 200, {}, {"ok": True, "result": True}
        if name == "getFile":
            return (
                200,
                {},
                {"ok": True, "result": {"file_id": said["file_id"], "file_path": f"photos/{said['file_id']}"}},
            )
        self.taken.append({"method": name, **said})
        chat = {"id": said.get("chat_id", 0), "type": "private"}
        return 200, {}, {"ok": True, "result": {"message_id": len(self.taken), "chat": chat}}

    def _wechat(self, asked):
        name = asked.path.removeprefix("cgi-bin/")
        if name == "stable_token":
            self.tokens += 1
            return 200, {}, {"access_token": f"token-{self.tokens}", "expires_in": 7200}
        if asked.query.get("access_token") != f"token-{self.tokens}":
            return 200, {}, {"errcode": 40001, "errmsg": "invalid credential, access_token is invalid"}
        if name == "media/get":
            return 200, {"Content-Type": "image/jpeg"}, self.files[asked.query["media_id"]]
        if name == "media/upload":
            return 200, {}, {"type": asked.query["type"], "media_id": "media-up", "created_at": 1}
        assert b"\\u" not in asked.body, "characters are shown as they are written"
        self.taken.append(json.loads(asked.body))
        return 200, {}, {"errcode": 0, "errmsg": "ok"}

    def _generic(self, asked):
        if asked.method == "GET":
            return 200, {"Content-Type": "image/png"}, PNG
        self.taken.append((dict(asked.headers), json.loads(asked.body)))
        return 200, {}, {"id": f"theirs-{len(self.taken)}"}


@contextmanager
def served():
    """The services at an address of this machine, until the end of the block."""
    services = Services()

    class Handler(http.server.BaseHTTPRequestHandler):
        def _do(self):
            parts = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            services.asked.append((self.command, parts.path, query))
            trouble = services.trouble.pop(0) if services.trouble else None
            if trouble == "cut":
                self.close_connection = True
                self.connection.close()
                return
            if trouble is not None:
                status, headers, found = trouble
            else:
                status, headers, found = services.answer(self.command, parts.path, query, self.headers, body)
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
    services.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield services
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
