"""A sign-in service for tests: OpenID Connect over a real port, as strict as one in the world, and able to lie."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import threading
import time
from base64 import b64decode, urlsafe_b64encode
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey


class Provider:
    """Serves discovery, authorisation, tokens, people, keys. `person` sits there, `lies` is what it says wrong."""

    def __init__(self):
        self.client_id, self.client_secret = "regulars", "s3cret&%"
        self.key = RSAKey.generate_key(2048, {"kid": "one", "use": "sig", "alg": "RS256"}, private=True)
        self.foreign = RSAKey.generate_key(2048, {"kid": "one"}, private=True)
        self.person = {"sub": "248289761001", "email": "mara@hainhafen.example", "email_verified": True}
        self.person["name"] = "Mara Petersen"
        self.lies, self.header, self.signer = {}, {"alg": "RS256", "kid": "one"}, self.key
        self.in_id_token, self.describes, self.refuses, self.delay = True, {}, "", 0.0
        self.codes, self.asked = {}, []
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.issuer = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def description(self):
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "jwks_uri": f"{self.issuer}/keys",
            "id_token_signing_alg_values_supported": ["RS256"],
            **self.describes,
        }

    def authorize(self, asked):
        """Where the browser is sent back to; refuses what the standard refuses."""
        assert asked["response_type"] == "code"
        assert asked["client_id"] == self.client_id
        assert "openid" in asked["scope"].split()
        assert asked["code_challenge_method"] == "S256"
        if self.refuses:
            return f"{asked['redirect_uri']}?{urlencode({'error': self.refuses, 'state': asked['state']})}"
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        back = {"code": code, "state": asked["state"], "iss": self.issuer}
        return f"{asked['redirect_uri']}?{urlencode(back)}"

    def token(self, sent, authorization):
        """The tokens for a code, once; None where the client, the code, the address or the verifier is wrong."""
        scheme, _space, pair = (authorization or "").partition(" ")
        if scheme != "Basic":
            return None
        name, _colon, secret = b64decode(pair).decode().partition(":")
        asked = self.codes.pop(sent.get("code", ""), None)
        digest = hashlib.sha256(sent.get("code_verifier", "").encode()).digest()
        challenge = _text(digest)
        right = (
            (unquote(name), unquote(secret)) == (self.client_id, self.client_secret),
            asked is not None and asked["redirect_uri"] == sent.get("redirect_uri"),
            asked is not None and asked["code_challenge"] == challenge,
            sent.get("grant_type") == "authorization_code",
        )
        if not all(right):
            return None
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": self.client_id, "iat": now, "exp": now + 300, "auth_time": now}
        claims |= {"nonce": asked["nonce"], "sub": self.person["sub"]}
        if self.in_id_token:
            claims |= self.person
        claims = {name: value for name, value in {**claims, **self.lies}.items() if value is not None}
        return {"access_token": "access", "token_type": "Bearer", "id_token": self.sign(claims)}

    def sign(self, claims):
        if self.header["alg"] in {"none", "HS256"}:
            body = ".".join(_text(json.dumps(part).encode()) for part in (self.header, claims))
            mac = hmac.digest(self.client_secret.encode(), body.encode(), "sha256")
            return f"{body}.{_text(mac) if self.header['alg'] == 'HS256' else ''}"
        return jwt.encode(self.header, claims, self.signer)


def _text(data):
    return urlsafe_b64encode(data).decode().rstrip("=")


def _handler(provider):
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            time.sleep(provider.delay)
            parts = urlsplit(self.path)
            asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
            provider.asked.append(parts.path)
            if parts.path == "/.well-known/openid-configuration":
                self.answer(provider.description())
            elif parts.path == "/keys":
                self.answer({"keys": [provider.key.as_dict(private=False)]})
            elif parts.path == "/userinfo" and self.headers.get("Authorization") == "Bearer access":
                self.answer(provider.person)
            elif parts.path == "/authorize":
                self.send_response(302)
                self.send_header("Location", provider.authorize(asked))
                self.end_headers()
            else:
                self.answer({"error": "not_found"}, 404)

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            sent = {name: values[0] for name, values in parse_qs(body).items()}
            provider.asked.append(self.path)
            answer = provider.token(sent, self.headers.get("Authorization"))
            self.answer(answer or {"error": "invalid_grant"}, 200 if answer else 400)

        def answer(self, said, status=200):
            body = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_said):
            """Tests are quiet."""

    return Handler
