"""An early refusal reaches the client although it is still sending."""

from __future__ import annotations

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_MOST_BYTES = 64 * 2**20
_MOST_S = 3.0


class LingeringRefusals:
    """Lets a client that is still sending read its refusal.

    Closing a connection with unread data resets it, and the client never sees why. So the rest of a refused
    body is read and thrown away for a little while between the answer and the end of the connection.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        arrived = _says_no_body(scope)
        status = 200

        async def watched() -> Message:
            nonlocal arrived
            message = await receive()
            arrived = arrived or message["type"] == "http.disconnect" or not message.get("more_body")
            return message

        async def lingering(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            last = message["type"] == "http.response.body" and not message.get("more_body")
            if not last or arrived or status < 400:
                await send(message)
                return
            await send({**message, "more_body": True})
            await _drained(receive)
            await send({"type": "http.response.body", "body": b""})

        await self.app(scope, watched, lingering)


def _says_no_body(scope: Scope) -> bool:
    names = {name for name, value in scope["headers"] if value != b"0"}
    return not names & {b"content-length", b"transfer-encoding"}


async def _drained(receive: Receive) -> None:
    n_bytes = 0
    try:
        async with asyncio.timeout(_MOST_S):
            while n_bytes < _MOST_BYTES:
                message = await receive()
                n_bytes += len(message.get("body", b""))
                if message["type"] == "http.disconnect" or not message.get("more_body"):
                    return
    except TimeoutError:
        return
