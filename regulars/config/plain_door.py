"""The plain HTTP door beside HTTPS: it sends pages on to the secure one, and takes nothing in."""

from __future__ import annotations

import asyncio
import re
import threading

from regulars.config.environment import BadSetting, words

_LONGEST = 8192  # bytes of a request that is only to be sent on
_WITHIN = 5.0  # seconds
_AT_ONCE = 256
_HOST = re.compile(r"\A(\[[0-9a-f:.]+\]|[a-z0-9.-]+)(:\d{1,5})?\Z", re.IGNORECASE)
_TARGET = re.compile(r"\A/[!-~]*\Z")


def open_beside(bind: str, port: int, secure_port: int) -> None:
    """Answer on a plain port, in a thread of this process, with the way to the secure one."""
    ready: list[OSError | None] = []
    opened = threading.Event()

    def run() -> None:
        asyncio.run(_serve(bind, port, secure_port, ready, opened))

    threading.Thread(target=run, name="plain-door", daemon=True).start()
    opened.wait()
    if ready[0] is not None:
        raise BadSetting(f"The plain port {port} on {bind} cannot be opened: {ready[0].strerror}.")


def answer(head: str, secure_port: int, hosts: list[str]) -> bytes:
    """What is said to one request.

    Only pages are sent on. A program that sends its token in the open shall fail at once, not quietly work; and
    a host that is not ours is nobody's to be sent to.
    """
    line, _, rest = head.partition("\r\n")
    method, _, target = line.rpartition(" ")[0].partition(" ")
    found = re.search(r"^host:[ \t]*(\S+)[ \t]*\r?$", rest, re.IGNORECASE | re.MULTILINE)
    host = _HOST.match(found[1]) if found else None
    if host is None or not _is_ours(host[1], hosts) or not _TARGET.match(target):
        return _said("400 Bad Request", "This request cannot be read.")
    if method not in {"GET", "HEAD"} or target.startswith("/api/"):
        return _said("403 Forbidden", "This shop speaks HTTPS only. What was sent just now went over an open line.")
    place = f"https://{host[1]}{'' if secure_port == 443 else f':{secure_port}'}/{target.lstrip('/')}"
    return _said("308 Permanent Redirect", "This shop speaks HTTPS.", f"Location: {place}\r\n")


def _said(status: str, sentence: str, more: str = "") -> bytes:
    head = f"HTTP/1.1 {status}\r\n{more}Content-Type: text/plain; charset=utf-8\r\n"
    head += f"X-Content-Type-Options: nosniff\r\nCache-Control: no-store\r\nContent-Length: {len(sentence) + 1}\r\n"
    return f"{head}Connection: close\r\n\r\n{sentence}\n".encode()


def _is_ours(host: str, hosts: list[str]) -> bool:
    """As Django reads its list: the name itself, `.name` for all below it, `*` for any."""
    host = host.lower().rstrip(".")
    return any(
        one == "*" or host == one.lower().lstrip(".") or (one.startswith(".") and host.endswith(one.lower()))
        for one in hosts
    )


async def _serve(bind: str, port: int, secure_port: int, ready: list[OSError | None], opened: threading.Event) -> None:
    hosts = words("REGULARS_HOSTS", default="localhost,127.0.0.1,[::1]")
    room = asyncio.Semaphore(_AT_ONCE)

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if not room.locked():
                async with room, asyncio.timeout(_WITHIN):
                    head = await reader.readuntil(b"\r\n\r\n")
                    writer.write(answer(head.decode("latin-1"), secure_port, hosts))
                    await writer.drain()
        except (OSError, EOFError, TimeoutError, asyncio.LimitOverrunError):
            return  # who does not ask in time and in form is not answered
        finally:
            writer.close()

    try:
        server = await asyncio.start_server(take, bind, port, limit=_LONGEST)
    except OSError as error:
        ready.append(error)
        opened.set()
        return
    ready.append(None)
    opened.set()
    async with server:
        await server.serve_forever()
