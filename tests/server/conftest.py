"""Servers to ask: in this process through the test client or plain ASGI, or a process of its own."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

pytest.importorskip("fastapi", reason="the extra serve is not installed")
from starlette.testclient import TestClient

from . import doubles
from .asking import png, until

save_video = doubles.runtime.save_video
moving_faces = doubles.runtime.moving_faces
draw_picture = doubles.runtime.draw_picture

ADDRESS = "http://127.0.0.1:8000"


@pytest.fixture(scope="session")
def face() -> bytes:
    """A PNG of 160 x 120 with one face."""
    return png(draw_picture([(40, 40)]))


@pytest.fixture(scope="session")
def two_faces() -> bytes:
    return png(draw_picture([(20, 40), (100, 60)]))


@pytest.fixture(scope="session")
def no_face() -> bytes:
    return png(draw_picture([]))


@pytest.fixture
def make_app(tmp_path: Path) -> Callable[..., Any]:
    return lambda **told: doubles.make_app(tmp_path / "data", **told)


@pytest.fixture
def start(make_app: Callable[..., Any]) -> Iterator[Callable[..., TestClient]]:
    """Starts a server in this process; keyword arguments as for `doubles.make_app`."""
    clients = []

    def begin(headers: dict[str, str] | None = None, **told: Any) -> TestClient:
        client = TestClient(make_app(**told), base_url=ADDRESS, headers=headers or {})
        clients.append(client)
        return client.__enter__()

    yield begin
    for client in clients:
        client.__exit__(None, None, None)


@pytest.fixture
def client(start: Callable[..., TestClient]) -> TestClient:
    return start()


@dataclass
class Process:
    """A server in a process of its own."""

    popen: subprocess.Popen[bytes]
    client: httpx2.Client
    port: int

    def kill(self) -> None:
        self.popen.kill()
        self.popen.wait(10)


@pytest.fixture
def start_process() -> Iterator[Callable[..., Process]]:
    """Starts a server with the doubles on a free port of loopback; killed at the end of the test."""
    started: list[Process] = []

    def begin(data_dir: Path, delay_s: float = 0.0) -> Process:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        command = [sys.executable, doubles.__file__, str(port), str(data_dir), str(delay_s)]
        process = Process(
            subprocess.Popen(command), httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=30), port
        )
        started.append(process)
        until(lambda: process.popen.poll() is not None or _answers(process.client))
        assert process.popen.poll() is None, "the server ended"
        return process

    yield begin
    for process in started:
        process.client.close()
        if process.popen.poll() is None:
            process.kill()


def _answers(client: httpx2.Client) -> bool:
    try:
        return client.get("/health").status_code == 200
    except httpx2.TransportError:
        return False
