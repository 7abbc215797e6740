"""Everything that goes wrong, in one form: ``{"error": {"code", "message"}}``."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Mapping

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from mien.core.errors import MienError

_CODES = {404: "not_found", 405: "method_not_allowed"}
CLIENT_GONE = 499
"""Never sent, as there is nobody to read it; stands in the metrics."""


class ApiError(Exception):
    """An answer that is an error.

    Attributes:
        status: HTTP status.
        code: What programs tell errors apart by.
        message: One line for people: what was given, what the limit is, how to mend it.
        headers: Further headers of the answer.
    """

    def __init__(
        self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, " ".join(message.split())
        self.headers = dict(headers or {})

    def body(self) -> dict[str, dict[str, str]]:
        """The answer's content."""
        return {"error": {"code": self.code, "message": self.message}}

    def response(self) -> Response:
        """The answer."""
        return JSONResponse(self.body(), self.status, headers=self.headers)


def busy(message: str) -> ApiError:
    """The server has no room now."""
    return ApiError(503, "busy", message, {"Retry-After": "1"})


def disk_full() -> ApiError:
    """The server cannot store what was sent."""
    return ApiError(507, "disk_full", "the server's disk is full; nothing was stored: try again later")


def is_disk_full(error: BaseException) -> bool:
    """Whether an error says that there is no room on the disk."""
    if isinstance(error, sqlite3.OperationalError):
        return "full" in str(error)
    full = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    return isinstance(error, OSError) and error.errno in full


def add_handlers(app: FastAPI) -> None:
    """Make an app answer errors in this form."""

    @app.exception_handler(ApiError)
    async def told(request: Request, error: ApiError) -> Response:
        return error.response()

    @app.exception_handler(MienError)
    async def mendable(request: Request, error: MienError) -> Response:
        return ApiError(422, "invalid", str(error)).response()

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"][1:]) or "request"
        return ApiError(422, "invalid", f"{where}: {first['msg']}").response()

    @app.exception_handler(HTTPException)
    async def by_status(request: Request, error: HTTPException) -> Response:
        code = _CODES.get(error.status_code, "refused")
        what = {404: "there is nothing at this address; see /docs", 405: "not with this method; see /docs"}
        message = what.get(error.status_code, str(error.detail))
        return ApiError(error.status_code, code, message, error.headers).response()

    @app.exception_handler(ClientDisconnect)
    async def gone(request: Request, error: ClientDisconnect) -> Response:
        return Response(status_code=CLIENT_GONE)

    @app.exception_handler(Exception)
    async def unforeseen(request: Request, error: Exception) -> Response:
        return ApiError(500, "internal", "a fault of the server; its log says more").response()
