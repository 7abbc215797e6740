"""``/health``, ``/metrics``, ``/v1/models`` and the page about the API."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jinja2
from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.responses import Response

from mien import __version__
from mien.server.models import describe
from mien.server.schemas import Health, Models, errors
from mien.server.service import service_of

router = APIRouter()
_TEMPLATES = Path(__file__).with_name("templates")
_TEXT = {200: {"content": {"text/plain": {"schema": {"type": "string"}}}}}


@router.get("/health", summary="Is the server well?", responses={200: {"model": Health}, 403: errors()[403]})
async def health(request: Request) -> Response:
    """Needs no token."""
    service = service_of(request)
    answer = {
        "status": "ok",
        "version": __version__,
        "model": service.models.default.name,
        "queue": service.admission.n_requests,
    }
    return JSONResponse(answer)


@router.get("/metrics", summary="Counters for Prometheus", responses={**_TEXT, **errors()})
def metrics(request: Request) -> Response:
    """In Prometheus' own format."""
    return Response(generate_latest(service_of(request).metrics.registry), media_type=CONTENT_TYPE_LATEST)


@router.get(
    "/v1/models", summary="Models, compound sets, limits", responses={200: {"model": Models}, **errors()}
)
def models(request: Request) -> Response:
    """What may be asked of this server."""
    service = service_of(request)
    return JSONResponse(describe(service.models, service.settings))


@router.get("/docs", include_in_schema=False)
def docs(request: Request) -> Response:
    """The API's description for people, made here: the usual pages fetch scripts from elsewhere."""
    return HTMLResponse(_docs_page(request.app.openapi()))


@router.get("/docs/style.css", include_in_schema=False)
def docs_style() -> Response:
    """The page's style."""
    return FileResponse(_TEMPLATES / "api.css", media_type="text/css")


def _docs_page(described: dict[str, Any]) -> str:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES), autoescape=True, undefined=jinja2.StrictUndefined
    )
    return environment.get_template("api.html.j2").render(api=described)
