"""The body of a request as it arrives: counted, timed, refused in the middle."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

from starlette.requests import ClientDisconnect, Request

from mien.server.errors import ApiError
from mien.server.limits import in_words


async def arriving(
    request: Request, *, most_bytes: int, pause_s: float, total_s: float
) -> AsyncIterator[bytes]:
    """The pieces of a body.

    Args:
        request: Nothing of it has been read.
        most_bytes: Of the whole body.
        pause_s: Longest time without a piece.
        total_s: Longest time for all of it.

    Raises:
        ApiError: The body is too large, as announced or as counted, or too slow.
        ClientDisconnect: The client has gone.
    """
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > most_bytes:
        raise _too_large(most_bytes)
    n_bytes, deadline, more = 0, time.monotonic() + total_s, True
    while more:
        try:
            async with asyncio.timeout(min(pause_s, deadline - time.monotonic())):
                message = await request.receive()
        except TimeoutError as error:
            raise ApiError(
                408,
                "slow",
                f"the body did not arrive in time ({pause_s:g} s from one piece to the next, {total_s:g} s "
                "in all); try again over a faster line",
                {"Connection": "close"},
            ) from error
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        more = message.get("more_body", False)
        if piece := message.get("body", b""):
            n_bytes += len(piece)
            if n_bytes > most_bytes:
                raise _too_large(most_bytes)
            yield piece


def _too_large(most_bytes: int) -> ApiError:
    return ApiError(
        413, "too_large", f"the request has more than {in_words(most_bytes)}; send fewer or smaller files"
    )
