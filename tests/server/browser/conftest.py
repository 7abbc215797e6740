"""A real browser on the real server. Without Chromium or the extra `serve` these tests are skipped."""

from __future__ import annotations

import os
import re
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import av
import cv2
import pytest

from .steps import CLIP

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
uvicorn = pytest.importorskip("uvicorn", reason="the extra serve is not installed")
app_module = pytest.importorskip("mien.server.app", reason="the extra serve is not installed")

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
WAIT_MS = 30_000


@dataclass
class Served:
    """A server in a thread of this process."""

    server: Any
    thread: threading.Thread
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def stop(self) -> None:
        self.server.should_exit = True
        self.thread.join(20)
        assert not self.thread.is_alive(), "the server did not stop"


def serve(data_dir: Path, port: int = 0, **told: Any) -> Served:
    """Start a server; keyword arguments as for `mien.server.settings.Settings`."""
    # without a model folder YuNet's file would be fetched: a default run needs no network
    told = {"detector": "auto" if "MIEN_MODEL_DIR" in os.environ else "haar", **told}
    app = app_module.create_app(app_module.Settings(data_dir=data_dir, **told))
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind(("127.0.0.1", port))
    listening.listen(64)
    server = uvicorn.Server(
        uvicorn.Config(app, log_level="error", access_log=False, lifespan="on", timeout_graceful_shutdown=3)
    )
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    deadline = time.monotonic() + 30
    while not server.started:
        assert thread.is_alive(), "the server ended"
        assert time.monotonic() < deadline, "the server did not start"
        time.sleep(0.02)
    return Served(server, thread, listening.getsockname()[1])


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Served]]:
    """Starts further servers; all are stopped at the end of the module."""
    started: list[Served] = []

    def begin(data_dir: Path | None = None, **told: Any) -> Served:
        started.append(serve(data_dir or tmp_path_factory.mktemp("data"), **told))
        return started[-1]

    yield begin
    for one in started:
        if one.thread.is_alive():
            one.stop()


@pytest.fixture(scope="module")
def server(start: Callable[..., Served]) -> Served:
    return start()


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the fake camera shows: the example clip of two faces, over and over."""
    return motion_jpeg(CLIP, tmp_path_factory.mktemp("film") / "camera.mjpeg")


def motion_jpeg(clip: Path, path: Path) -> Path:
    with av.open(str(clip)) as container, path.open("wb") as out:
        for frame in container.decode(video=0):
            out.write(cv2.imencode(".jpg", frame.to_ndarray(format="bgr24"))[1].tobytes())
    return path


@pytest.fixture(scope="module")
def launch() -> Iterator[Callable[..., Any]]:
    """Starts a browser whose camera shows a film."""
    executable = next(filter(None, map(shutil.which, _NAMES)), None)
    if executable is None:
        pytest.skip(f"no browser: none of {', '.join(_NAMES)} is installed")
    # ends with the module: while it lives, its event loop is the running one of this thread
    with playwright.sync_playwright() as driver:

        def begin(film: Path) -> Any:
            camera = [
                "--use-fake-device-for-media-stream",
                "--use-fake-ui-for-media-stream",
                f"--use-file-for-fake-video-capture={film}",
            ]
            return driver.chromium.launch(executable_path=executable, args=["--no-sandbox", *camera])

        yield begin


@pytest.fixture(scope="module")
def browser(launch: Callable[..., Any], film: Path) -> Iterator[Any]:
    opened = launch(film)
    yield opened
    opened.close()


@dataclass
class Watch:
    """What a page asked for and complained of."""

    origin: str
    forgiven: Sequence[str]
    outside: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def request(self, request: Any) -> None:
        told = urlsplit(request.url)
        if told.scheme not in ("blob", "data") and f"{told.scheme}://{told.netloc}" != self.origin:
            self.outside.append(request.url)

    def said(self, message: Any) -> None:
        where = f"{message.text} {message.location.get('url', '')}"
        if message.type in ("error", "warning") and not any(re.search(one, where) for one in self.forgiven):
            self.complaints.append(where)


@pytest.fixture
def visit(browser: Any, server: Served) -> Iterator[Callable[..., Any]]:
    """Opens the page in a fresh context. At the end: nothing was asked of others, and nothing complained of.

    Keyword arguments: `url`, `forgiven` (patterns of messages that belong to the test), `ready` (wait until
    the page knows its server), `script` (run before the page's own), the rest as for a browser's context.
    """
    watches, contexts = [], []

    def go(
        url: str | None = None,
        *,
        forgiven: Sequence[str] = (),
        ready: bool = True,
        script: str | None = None,
        browser: Any = browser,
        **told: Any,
    ) -> Any:
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **told})
        context.set_default_timeout(WAIT_MS)
        if script:
            context.add_init_script(script)
        page, address = context.new_page(), url or server.url
        watch = Watch(address.rstrip("/"), forgiven)
        page.on("request", watch.request)
        page.on("console", watch.said)
        page.on("pageerror", lambda error: watch.complaints.append(str(error)))
        # a first listener makes Playwright ask the browser to hand file choosers over, and does not wait for
        # the answer: asked only when the key is pressed, the chooser may open before
        page.on("filechooser", lambda _: None)
        watches.append(watch)
        contexts.append(context)
        page.goto(address)
        if ready:
            page.wait_for_selector("#settings:not([hidden])", state="attached")
        return page

    yield go
    for context in contexts:
        context.close()
    assert [url for watch in watches for url in watch.outside] == []
    assert [text for watch in watches for text in watch.complaints] == []
