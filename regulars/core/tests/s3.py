"""A small S3-speaking server that tests start: single and multipart uploads, reads, lists; each signature is checked.

It keeps what AWS documents as Signature Version 4: a request whose signature, date, signed headers or body digest does
not fit is refused with 403, as the real one does.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, quote, unquote, urlsplit
from xml.sax.saxutils import escape

KEY, SECRET, REGION = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "eu-central-1"


class Storage:
    """What the server holds: objects by bucket and key, and uploads that nobody completed."""

    def __init__(self):
        self.objects = {}
        self.uploads = {}
        self.requests = []
        self.refused = 0
        self.is_away = False
        self.fail_after = None  # a number of parts, then errors


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    storage: Storage

    def log_message(self, *_words):
        pass

    def do_GET(self):
        self._serve()

    do_PUT = do_POST = do_DELETE = do_HEAD = do_GET  # noqa: N815 — the library's names

    def _serve(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        address = urlsplit(self.path)
        query = dict(parse_qsl(address.query, keep_blank_values=True))
        self.storage.requests.append((self.command, self.path))
        if self.storage.is_away:
            self._answer(503, _error("SlowDown", "Please reduce your request rate."))
        elif not self._is_signed(address, query, body):
            self.storage.refused += 1
            self._answer(403, _error("SignatureDoesNotMatch", "The signature does not match."))
        else:
            self._do(unquote(address.path).lstrip("/"), query, body)

    def _do(self, path, query, body):
        bucket, _slash, _key = path.partition("/")
        objects, uploads = self.storage.objects, self.storage.uploads
        if self.command == "GET" and query.get("list-type") == "2":
            self._answer(200, _listing(bucket, query, objects))
        elif self.command == "POST" and "uploads" in query:
            upload = f"u{len(uploads)}"
            uploads[upload] = (path, {})
            self._answer(
                200, f"<InitiateMultipartUploadResult><UploadId>{upload}</UploadId></InitiateMultipartUploadResult>"
            )
        elif self.command == "PUT" and "uploadId" in query:
            parts = uploads[query["uploadId"]][1]
            if self.storage.fail_after is not None and len(parts) >= self.storage.fail_after:
                self._answer(500, _error("InternalError", "We encountered an internal error."))
                return
            parts[int(query["partNumber"])] = body
            self._answer(200, "", ETag=f'"{hashlib.sha256(body).hexdigest()}"')
        elif self.command == "POST" and "uploadId" in query:
            target, parts = uploads.pop(query["uploadId"])
            named = [int(number) for number in re.findall(rb"<PartNumber>(\d+)</PartNumber>", body)]
            objects[target] = b"".join(parts[number] for number in named)
            self._answer(200, '<CompleteMultipartUploadResult><ETag>"x"</ETag></CompleteMultipartUploadResult>')
        elif self.command == "DELETE" and "uploadId" in query:
            uploads.pop(query["uploadId"], None)
            self._answer(204, "")
        elif self.command == "POST" and "delete" in query:
            names = re.findall(r"<Key>([^<]*)</Key>", body.decode())
            for name in names:
                objects.pop(f"{bucket}/{name}", None)
            gone = "".join(f"<Deleted><Key>{name}</Key></Deleted>" for name in names)
            self._answer(200, f"<DeleteResult>{gone}</DeleteResult>")
        elif self.command == "PUT":
            objects[path] = body
            self._answer(200, "", ETag=f'"{hashlib.sha256(body).hexdigest()}"')
        elif self.command == "DELETE":
            objects.pop(path, None)
            self._answer(204, "")
        elif path in objects:
            self._send(objects[path])
        else:
            self._answer(404, _error("NoSuchKey", "The specified key does not exist."))

    def _send(self, content):
        status, headers = 200, {"ETag": '"x"', "Last-Modified": "Sun, 01 Mar 2026 09:00:00 GMT"}
        asked = re.match(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        if asked:
            first = int(asked[1])
            last = min(int(asked[2] or len(content) - 1), len(content) - 1)
            headers["Content-Range"] = f"bytes {first}-{last}/{len(content)}"
            status, content = 206, content[first : last + 1]
        self._answer(status, content, **headers)

    def _answer(self, status, content, **headers):
        content = content.encode() if isinstance(content, str) else content
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def _is_signed(self, address, query, body):
        """Signature Version 4, computed anew from what came."""
        given = re.fullmatch(
            r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/s3/aws4_request, ?"
            r"SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})",
            self.headers.get("Authorization", ""),
        )
        moment, digest = self.headers.get("x-amz-date", ""), self.headers.get("x-amz-content-sha256", "")
        if not given or given[1] != KEY or given[3] != REGION or not moment.startswith(given[2]):
            return False
        asked_at = dt.datetime.strptime(moment, "%Y%m%dT%H%M%SZ").replace(tzinfo=dt.UTC)
        if abs((dt.datetime.now(dt.UTC) - asked_at).total_seconds()) > 900:
            return False
        names = given[4].split(";")
        if not {"host", "x-amz-date", "x-amz-content-sha256"} <= set(names):
            return False
        if digest != "UNSIGNED-PAYLOAD" and digest != hashlib.sha256(body).hexdigest():
            return False
        canonical = "\n".join(
            [
                self.command,
                quote(unquote(address.path), safe="/-_.~"),
                "&".join(f"{_quoted(name)}={_quoted(value)}" for name, value in sorted(query.items())),
                *(f"{name}:{' '.join(self.headers.get(name, '').split())}" for name in names),
                "",
                given[4],
                digest,
            ]
        )
        scope = f"{given[2]}/{REGION}/s3/aws4_request"
        text = "\n".join(["AWS4-HMAC-SHA256", moment, scope, hashlib.sha256(canonical.encode()).hexdigest()])
        key = f"AWS4{SECRET}".encode()
        for word in (given[2], REGION, "s3", "aws4_request"):
            key = hmac.digest(key, word.encode(), "sha256")
        return hmac.compare_digest(hmac.new(key, text.encode(), "sha256").hexdigest(), given[5])


class Server:
    """A running server."""

    def __init__(self):
        self.storage = Storage()
        handler = type("Bound", (Handler,), {"storage": self.storage})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self):
        self._server.shutdown()
        self._server.server_close()


def _quoted(text):
    return quote(text, safe="-_.~")


def _error(code, words):
    return f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>{words}</Message></Error>"


def _listing(bucket, query, objects):
    """ListObjectsV2, two keys at a time, so that whoever lists has to ask for more."""
    prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
    begin = f"{bucket}/{prefix}"
    keys = sorted(path.partition("/")[2] for path in objects if path.startswith(begin))
    here = [key for key in keys if not delimiter or delimiter not in key[len(prefix) :]]
    after = query.get("continuation-token", "")
    page = [key for key in here if key > after][:2]
    is_more = bool(page) and page[-1] != here[-1]
    rows = "".join(
        f"<Contents><Key>{escape(key)}</Key><LastModified>2026-03-01T09:00:00.000Z</LastModified>"
        f"<ETag>x</ETag><Size>{len(objects[f'{bucket}/{key}'])}</Size><StorageClass>STANDARD</StorageClass></Contents>"
        for key in page
    )
    token = f"<NextContinuationToken>{escape(page[-1])}</NextContinuationToken>" if is_more else ""
    return (
        f"<ListBucketResult><Name>{bucket}</Name><Prefix>{escape(prefix)}</Prefix><KeyCount>{len(page)}</KeyCount>"
        f"<IsTruncated>{str(is_more).lower()}</IsTruncated>{token}{rows}</ListBucketResult>"
    )
