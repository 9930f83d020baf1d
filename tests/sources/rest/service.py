"""A service on this machine that answers JSON over HTTP, and one that holds rows which come and go while it is read."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

KEY = "k3y-Of_the+shop/42="


@dataclass(frozen=True)
class Asked:
    """A request as it arrived; `number` counts from 1."""

    method: str
    path: str
    params: dict[str, str]
    headers: dict[str, str]
    body: Any
    number: int
    at: float


@dataclass(frozen=True)
class Reply:
    """What is answered: JSON, or bytes as they are, after a delay in seconds."""

    content: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0


class Service:
    """A running service.

    Attributes:
        asked: every request so far.
        faults: answers given to the next requests, before `respond` is asked.
    """

    def __init__(self, respond: Callable[[Asked], Reply]) -> None:
        self.respond = respond
        self.asked: list[Asked] = []
        self.faults: list[Reply] = []
        self._lock = threading.Lock()
        self.url = ""

    def reply(self, asked: Asked) -> Reply:
        with self._lock:
            self.asked.append(asked)
            if self.faults:
                return self.faults.pop(0)
            return self.respond(asked)


@contextmanager
def running(respond: Callable[[Asked], Reply]) -> Iterator[Service]:
    """Run a service on a free port of this machine."""
    service = Service(respond)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            self._answer()

        def _answer(self) -> None:
            parts = urlsplit(self.path)
            params = {name: values[-1] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
            sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            asked = Asked(
                self.command, parts.path, params, headers, json.loads(sent) if sent else None,
                len(service.asked) + 1, time.monotonic(),
            )  # fmt: skip
            reply = service.reply(asked)
            content = reply.content if isinstance(reply.content, bytes) else json.dumps(reply.content).encode()
            time.sleep(reply.delay)
            try:
                self.send_response(reply.status)
                self.send_header("Content-Type", "application/json")
                if "Content-Length" not in reply.headers:
                    self.send_header("Content-Length", str(len(content)))
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)
                self.close_connection = "Content-Length" in reply.headers
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True  # the client did not wait

        def log_message(self, *arguments: Any) -> None:
            del arguments

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    service.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield service
    finally:
        server.shutdown()
        server.server_close()


def order(number: int, updated: str = "2026-03-01T08:00:00.000Z") -> dict[str, Any]:
    """One record of a shop: nested, with a list."""
    return {
        "id": f"O{number:05d}",
        "buyer": {"id": f"C{number % 7}", "tags": ["new", "vip"]},
        "created": f"2026-02-{number % 28 + 1:02d}T10:00:00Z",
        "total": {"value": number + 0.5, "currency": "CNY"},
        "updated": updated,
    }


@dataclass
class Shop:
    """Orders by page number, offset, token, link and key, `size` at a time.

    Attributes:
        before: what happens to the rows just before a request is answered, by the request's number.
    """

    rows: list[dict[str, Any]]
    size: int = 10
    before: dict[int, Callable[[list[dict[str, Any]]], None]] = field(default_factory=dict)

    def __call__(self, asked: Asked) -> Reply:
        if asked.headers.get("authorization") != f"Bearer {KEY}":
            return Reply({"message": "unknown key", "key": asked.headers.get("authorization")}, 401)
        if asked.number in self.before:
            self.before[asked.number](self.rows)
        rows = [row for row in self.rows if row["updated"] >= asked.params.get("updated_from", "")]
        return getattr(self, "by_" + asked.path.rsplit("/", 1)[-1])(asked, rows)

    def by_page(self, asked: Asked, rows: list[dict[str, Any]]) -> Reply:
        start = (int(asked.params["page"]) - 1) * self.size
        return Reply({"data": rows[start : start + self.size]})

    def by_offset(self, asked: Asked, rows: list[dict[str, Any]]) -> Reply:
        start = int(asked.params["offset"])
        return Reply({"data": rows[start : start + self.size]})

    def by_token(self, asked: Asked, rows: list[dict[str, Any]]) -> Reply:
        found, last = self._behind(asked.params.get("after", ""), rows)
        return Reply({"data": found, "paging": {"next": {"after": last} if last else None}})

    def by_link(self, asked: Asked, rows: list[dict[str, Any]]) -> Reply:
        found, last = self._behind(asked.params.get("after", ""), rows)
        links = {"Link": f'<{asked.path}?after={last}>; rel="next", </first>; rel="first"'} if last else {}
        return Reply({"data": found}, headers=links)

    def by_key(self, asked: Asked, rows: list[dict[str, Any]]) -> Reply:
        return Reply({"data": self._behind(asked.params.get("behind", ""), rows)[0]})

    def _behind(self, key: str, rows: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], str | None]:
        behind = sorted((row for row in rows if row["id"] > key), key=lambda row: row["id"])
        found = behind[: self.size]
        return found, found[-1]["id"] if len(behind) > self.size else None
