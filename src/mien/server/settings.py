"""What a server is told when it starts."""

from __future__ import annotations

import ipaddress
import os
from dataclasses import dataclass, field
from pathlib import Path

from mien.core.errors import MienError
from mien.faces.detector import MIN_FACE_PX
from mien.faces.model_store import cache_dir
from mien.server.limits import Limits

PAGE = Path(__file__).with_name("page")
DEFAULT_MODEL = "mien-base"
MOST_HOURS = 100 * 365 * 24


def default_data_dir() -> Path:
    """Where jobs are kept when nobody says where."""
    return cache_dir() / "serve"


@dataclass(frozen=True)
class Settings:
    """All settings of one server.

    Attributes:
        host: Address to listen on.
        port: Port to listen on; 0 takes a free one.
        token: What clients must know; None only on a loopback address.
        models: Embedded models or ONNX files; the first is the default.
        detector: ``auto`` or a detector's name.
        min_face_px: Narrowest face of interest, in pixels.
        data_dir: Where jobs are kept.
        keep_hours: How long a job is kept.
        threads: Pictures that are decoded and searched at once.
        batching: Faces of different requests go through the model together.
        proxies: Addresses of reverse proxies whose X-Forwarded-For is believed, separated by commas.
        limits: See `Limits`.
        page: Folder of the page's files.
        verbose: A line on stderr for each request.

    Raises:
        MienError: No token for an address that others can reach, or a value out of range.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    token: str | None = None
    models: tuple[str, ...] = (DEFAULT_MODEL,)
    detector: str = "auto"
    min_face_px: int = MIN_FACE_PX
    data_dir: Path = field(default_factory=default_data_dir)
    keep_hours: float = 24.0
    threads: int | None = None
    batching: bool = True
    proxies: str = ""
    limits: Limits = field(default_factory=Limits)
    page: Path = PAGE
    verbose: bool = False

    def __post_init__(self) -> None:
        if not self.token and not self.is_loopback:
            raise MienError(
                f"--host {self.host} can be reached by others, so a token is needed: set MIEN_TOKEN (or "
                "--token), for example to the output of `openssl rand -hex 16`; clients send it as "
                "`Authorization: Bearer TOKEN`"
            )
        if self.token and not (self.token.isascii() and self.token.isprintable() and " " not in self.token):
            raise MienError("a token is made of ASCII letters, digits and signs, without spaces")
        if not 0 <= self.port <= 65535:
            raise MienError(f"--port is a number from 0 to 65535, got {self.port}")
        if not 0 < self.keep_hours <= MOST_HOURS:
            raise MienError(
                f"--keep-hours lies above 0 and goes to {MOST_HOURS:,} (100 years), got {self.keep_hours}"
            )
        if self.threads is not None and self.threads < 1:
            raise MienError(f"--threads must be at least 1, got {self.threads}")
        if not self.models:
            raise MienError("--model is needed: name an embedded model or an ONNX file")

    @property
    def is_loopback(self) -> bool:
        """Only this machine reaches the server."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host.strip("[]")).is_loopback
        except ValueError:
            return False

    @property
    def n_threads(self) -> int:
        """Pictures at once: as told, else one for each processor that this process may use."""
        if self.threads is not None:
            return self.threads
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
