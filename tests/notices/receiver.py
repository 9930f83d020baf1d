"""A local service that takes messages, as a chat would."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Receiver:
    """A service that takes messages, and what became of them.

    Attributes:
        answers: HTTP status by path; `cut` closes the connection in place of an answer.
        takes: so many messages are taken, all further ones refused; None: all.
    """

    port: int = 0
    answers: dict[str, int | str] = field(default_factory=dict)
    messages: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    takes: int | None = None

    def address(self, path: str) -> str:
        return f"json://127.0.0.1:{self.port}/{path}"

    def texts(self, path: str) -> list[str]:
        return [f"{body['title']}\n{body['message']}" for at, body in self.messages if at == path]


@contextmanager
def receiving() -> Iterator[Receiver]:
    """Run the service for the length of the block."""
    found = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            path = self.path.strip("/")
            is_full = found.takes is not None and len(found.messages) >= found.takes
            answer = 503 if is_full else found.answers.get(path, 200)
            found.messages.append((path, body))
            if answer == "cut":
                self.close_connection = True
                self.connection.close()
                return
            self.send_response(int(answer))
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

        def finish(self) -> None:
            if not self.wfile.closed:
                super().finish()

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.handle_error = lambda *_: None  # type: ignore[method-assign]  # a connection that was cut
        threading.Thread(target=server.serve_forever, daemon=True).start()
        found.port = server.server_port
        yield found
        server.shutdown()
