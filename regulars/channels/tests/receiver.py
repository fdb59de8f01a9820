"""A system that is told: a real web server, which checks signatures as any receiver of Standard Webhooks does."""

import base64
import hmac
import http.server
import json
import threading
from dataclasses import dataclass, field


@dataclass
class Heard:
    """A request as it arrived."""

    headers: dict[str, str]
    body: bytes

    @property
    def id(self):
        return self.headers["webhook-id"]

    @property
    def said(self):
        return json.loads(self.body)

    def is_signed_with(self, secret):
        signed = f"{self.id}.{self.headers['webhook-timestamp']}.".encode() + self.body
        key = base64.b64decode(secret.removeprefix("whsec_"))
        mine = "v1," + base64.b64encode(hmac.digest(key, signed, "sha256")).decode()
        return mine in self.headers["webhook-signature"].split(" ")


@dataclass
class Receiver:
    """Answers 204, or what `answers` says next: a status, or a function of what was heard."""

    heard: list[Heard] = field(default_factory=list)
    answers: list = field(default_factory=list)
    always: object = 204

    def __enter__(self):
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                one = Heard({name.lower(): value for name, value in self.headers.items()}, body)
                receiver.heard.append(one)
                answer = receiver.answers.pop(0) if receiver.answers else receiver.always
                self.send_response(answer(one) if callable(answer) else answer)
                self.send_header("Location", "http://127.0.0.1:1/")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_said):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook?key=mine"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    @property
    def types(self):
        return [one.said["type"] for one in self.heard]
