"""The page and its files, and what is at the root."""

from __future__ import annotations

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import FileResponse
from fastapi.staticfiles import StaticFiles
from starlette.responses import Response

from mien.server.errors import ApiError
from mien.server.service import service_of
from mien.server.settings import Settings

router = APIRouter(include_in_schema=False)


@router.api_route("/", methods=["GET", "HEAD"])
def page(request: Request) -> Response:
    """The page."""
    index = service_of(request).settings.page / "index.html"
    if not index.is_file():
        raise ApiError(404, "not_found", "this installation has no page; the API is described at /docs")
    return FileResponse(index, media_type="text/html")


@router.api_route("/favicon.ico", methods=["GET", "HEAD"])
def icon() -> Response:
    """Browsers ask for it without being told to."""
    return Response(status_code=204)


def add_page(app: FastAPI, settings: Settings) -> None:
    """Serve the page at ``/`` and its files below ``/static``."""
    app.include_router(router)
    if settings.page.is_dir():
        app.mount("/static", StaticFiles(directory=settings.page))
