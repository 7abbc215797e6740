"""The application: parts and routes put together."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager

from fastapi import FastAPI

from mien import __version__
from mien.core.records import Predictor
from mien.faces.detector import Detector
from mien.server import about, analyze, explain, jobs, stream
from mien.server.errors import add_handlers
from mien.server.gate import Gate
from mien.server.headers import SecurityHeaders
from mien.server.lingering import LingeringRefusals
from mien.server.metrics import Counting
from mien.server.page import add_page
from mien.server.service import Service
from mien.server.settings import Settings

_ABOUT = (
    "Finds faces in pictures, videos and live frames, and tells what they express. An expression is what a "
    "face shows, not what a person feels. Pictures and frames live in memory alone; a video and its rows are "
    "kept in the server's own folder until they are deleted or expire."
)


def create_app(
    settings: Settings,
    *,
    predictors: Mapping[str, Predictor] | None = None,
    make_detector: Callable[[], Detector] | None = None,
) -> FastAPI:
    """Build a server.

    Args:
        settings: What it is told.
        predictors: Ready models by their word in the settings; None loads them.
        make_detector: Makes a detector; None: by the settings.

    Raises:
        MienError: A model, a detector or the folder of jobs cannot be used.
    """
    service = Service(settings, predictors=predictors, make_detector=make_detector)

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        service.start()
        yield
        service.close()

    app = FastAPI(
        title="mien",
        version=__version__,
        description=_ABOUT,
        lifespan=life,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        telemetry={"tracing": False, "metrics": False, "logs": False},  # whatever the environment says
    )
    app.state.service = service
    add_handlers(app)
    for part in (about, analyze, explain, jobs, stream):
        app.include_router(part.router)
    add_page(app, settings)
    # the last one added sees a request first
    app.add_middleware(Gate, settings=settings)
    app.add_middleware(LingeringRefusals)
    app.add_middleware(SecurityHeaders)
    app.add_middleware(Counting, metrics=service.metrics)
    return app
