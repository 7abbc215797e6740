"""Who may come in: Host and Origin, how often, and the token."""

from __future__ import annotations

import hmac
import json
import math
import re
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from mien.server.errors import ApiError
from mien.server.rate import RateLimiter, client_key
from mien.server.settings import Settings

_GUARDED = ("/v1/", "/metrics")
_LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})
_REFUSED = 4403  # a WebSocket's close code; before it is accepted the client sees a plain 403


class Gate:
    """Turns away before anything is read."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app, self.settings = app, settings
        self.rate = RateLimiter(settings.limits.requests_per_s)
        host = settings.host if ":" not in settings.host else f"[{settings.host.strip('[]')}]"
        self._hosts = _LOOPBACK_NAMES | {host}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        try:
            self._check(scope)
        except ApiError as error:
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": _REFUSED})
            else:
                await error.response()(scope, receive, send)
            return
        await self.app(scope, receive, send)

    def _check(self, scope: Scope) -> None:
        headers = Headers(scope=scope)
        self._check_site(headers)
        if not scope["path"].startswith(_GUARDED):
            return
        wait_s = self.rate.take(client_key((scope.get("client") or ("unknown", 0))[0]))
        if wait_s:
            raise ApiError(
                429,
                "too_often",
                f"more than {self.settings.limits.requests_per_s:g} requests a second from one client; "
                "wait as long as Retry-After says, or send several pictures in one request",
                {"Retry-After": str(math.ceil(wait_s))},
            )
        if scope["type"] == "http" and not token_fits(self.settings.token, headers, None):
            raise ApiError(
                401,
                "token",
                "this server needs its token: send `Authorization: Bearer TOKEN`",
                {"WWW-Authenticate": "Bearer"},
            )

    def _check_site(self, headers: Headers) -> None:
        """A page of another site must not reach a server that trusts its own machine (DNS rebinding)."""
        host = headers.get("host", "")
        if self.settings.is_loopback and _without_port(host) not in self._hosts:
            raise ApiError(
                403,
                "forbidden",
                f"this server answers to localhost alone, not to {host[:80]!r}; --host with a token opens it",
            )
        origin = headers.get("origin")
        if origin is not None and _netloc(origin) != host.lower():
            raise ApiError(403, "forbidden", "requests from pages of other sites are refused")


def token_fits(token: str | None, headers: Headers, query: str | None) -> bool:
    """Whether a client knows the token; compared in constant time.

    Args:
        token: The server's; None: there is none.
        headers: The request's.
        query: The token in the address, which only a WebSocket may use.
    """
    if not token:
        return True
    scheme, _, given = headers.get("authorization", "").partition(" ")
    known = given.strip() if scheme.lower() == "bearer" else query or ""
    return hmac.compare_digest(known.encode("utf-8", "replace"), token.encode())


def _netloc(origin: str) -> str:
    """``host:port`` of an origin; empty for ``null`` and for nonsense."""
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""


def _without_port(host: str) -> str:
    """The name of a Host header: ``localhost`` of ``localhost:8000``, ``[::1]`` of ``[::1]:8000``."""
    found = re.fullmatch(r"(\[[^\]]*\]|[^:]*)(?::\d*)?", host.strip().lower())
    return found[1] if found else host


def close_reason(error: ApiError) -> str:
    """An error as a WebSocket's reason, which has room for 123 bytes."""
    return json.dumps(error.message, ensure_ascii=True)[1:-1][:123]
