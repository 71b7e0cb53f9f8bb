"""A webhook of somebody outside, on loopback: takes, refuses, hangs, drips or leads astray."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Receiver:
    """What came in at a webhook; `status` is what it answers, None hangs until it is closed.

    One that `drips` answers a letter at a time and never ends.
    """

    status: int | None = 200
    drips: bool = False
    leads_to: str | None = None
    bodies: list[dict[str, Any]] = field(default_factory=list)
    address: str = ""
    let_go: threading.Event = field(default_factory=threading.Event)
    asked: threading.Event = field(default_factory=threading.Event)


@contextmanager
def receiver(
    status: int | None = 200, *, drips: bool = False, leads_to: str | None = None
) -> Iterator[Receiver]:
    """A webhook in this process; its `address` is one of apprise."""
    kept = Receiver(status, drips, leads_to)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            kept.bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            kept.asked.set()
            if kept.status is None and not kept.drips:
                kept.let_go.wait(60)
                return
            if kept.drips:
                self.wfile.write(b"HTTP/1.0 200 OK\r\nContent-Length: 100000\r\n\r\n")
                while not kept.let_go.wait(0.5):
                    self.wfile.write(b"x")
                return
            self.send_response(kept.status)
            if kept.leads_to:
                self.send_header("Location", kept.leads_to)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_GET = do_POST

        def handle(self) -> None:
            with suppress(BrokenPipeError, ConnectionResetError):
                super().handle()

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    kept.address = f"json://127.0.0.1:{server.server_port}/hook"
    try:
        yield kept
    finally:
        kept.let_go.set()
        server.shutdown()
        server.server_close()
        thread.join(10)
