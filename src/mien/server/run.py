"""Run a server in this process until it is told to stop."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable

import uvicorn

from mien.core.errors import MienError
from mien.server.app import create_app
from mien.server.settings import Settings

_GRACE_S = 30
_MOST_CONNECTIONS = 2048


def serve(settings: Settings, on_ready: Callable[[str], object]) -> None:
    """Serve until SIGINT or SIGTERM; running requests are finished first.

    Args:
        settings: What the server is told.
        on_ready: Called with the server's address once it listens.

    Raises:
        MienError: The address cannot be used, or see `mien.server.app.create_app`.
    """
    if settings.verbose:
        _log_requests()
    logging.getLogger("python_multipart").setLevel(logging.ERROR)  # a client's broken form is no news
    listening = _listen(settings)
    try:
        app = create_app(settings)
        host, port = settings.host.strip("[]"), listening.getsockname()[1]
        on_ready(f"http://{f'[{host}]' if ':' in host else host}:{port}")
        config = uvicorn.Config(
            app,
            log_level="warning",
            access_log=False,  # it would write addresses with tokens and names in them
            server_header=False,
            proxy_headers=bool(settings.proxies),
            forwarded_allow_ips=settings.proxies or None,
            limit_concurrency=_MOST_CONNECTIONS,
            timeout_keep_alive=15,
            timeout_graceful_shutdown=_GRACE_S,
            ws_max_size=settings.limits.message_bytes,
            lifespan="on",
        )
        uvicorn.Server(config).run(sockets=[listening])
    finally:
        listening.close()


def _log_requests() -> None:
    """Lines on stderr; the log of errors is there anyway."""
    logger, handler = logging.getLogger("mien.server"), logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False


def _listen(settings: Settings) -> socket.socket:
    """Take the address before anything is loaded: a wrong one is told at once."""
    host, listening = settings.host.strip("[]"), None
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listening = socket.socket(family, kind, protocol)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(1024)
    except OSError as error:
        if listening is not None:
            listening.close()
        raise MienError(
            f"--host {settings.host} --port {settings.port} cannot be used: {error.strerror or error}; "
            "is another server running there? --port 0 takes a free port"
        ) from error
    listening.set_inheritable(False)
    return listening
