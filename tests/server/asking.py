"""Ways to ask a server in a test: multipart bodies, plain ASGI, patience."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np


def png(image: np.ndarray) -> bytes:
    return cv2.imencode(".png", cv2.cvtColor(image, cv2.COLOR_RGB2BGR))[1].tobytes()


@dataclass
class Answer:
    """What a request over plain ASGI brought."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    n_pieces_taken: int = 0

    def json(self) -> Any:
        return json.loads(self.body)


def multipart(*files: tuple[str, str, bytes], boundary: str = "xx") -> tuple[bytes, str]:
    """A body of (field, name, content) and its type."""
    body = b""
    for name, filename, content in files:
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; filename="{filename}"\r\n\r\n'
        body += head.encode() + content + b"\r\n"
    return body + f"--{boundary}--\r\n".encode(), f"multipart/form-data; boundary={boundary}"


async def ask(
    app: Any,
    path: str,
    pieces: Sequence[bytes],
    content_type: str,
    *,
    length: int | None = None,
    pause_s: float = 0.0,
    leave_after_s: float | None = None,
) -> Answer:
    """POST a body in pieces; with `leave_after_s` the client is gone that long after the last one."""
    headers = [(b"host", b"127.0.0.1:8000"), (b"content-type", content_type.encode())]
    headers.append(
        (b"content-length", str(length).encode()) if length else (b"transfer-encoding", b"chunked")
    )
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "http",
        "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "", "headers": headers,
        "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 8000), "state": {},
    }  # fmt: skip
    answer = Answer()

    async def receive() -> dict[str, Any]:
        if answer.n_pieces_taken < len(pieces):
            await asyncio.sleep(pause_s)
            answer.n_pieces_taken += 1
            more = answer.n_pieces_taken < len(pieces)
            return {"type": "http.request", "body": pieces[answer.n_pieces_taken - 1], "more_body": more}
        await asyncio.sleep(3600 if leave_after_s is None else leave_after_s)
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            answer.status = message["status"]
            answer.headers = {name.decode(): value.decode() for name, value in message["headers"]}
        else:
            answer.body += message.get("body", b"")

    await app(scope, receive, send)
    return answer


@asynccontextmanager
async def alive(app: Any) -> AsyncIterator[Any]:
    """An app between its start and its end."""
    async with app.router.lifespan_context(app):
        yield app


def until(true: Callable[[], Any], within_s: float = 20.0) -> Any:
    """Wait for something; fail when it does not come."""
    deadline = time.monotonic() + within_s
    while not (found := true()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)
    return found
