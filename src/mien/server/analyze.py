"""``POST /v1/analyze``: pictures to faces."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse
from starlette.responses import Response

from mien.core.errors import InputError
from mien.core.records import FaceResult
from mien.runtime.analyze_image import judge, look
from mien.runtime.columns import table_layout
from mien.runtime.compound import CompoundReader
from mien.runtime.tables import CsvTable
from mien.server.admission import Place
from mien.server.body import arriving
from mien.server.crew import Dropped
from mien.server.errors import ApiError
from mien.server.fields import compound_sets, number, word
from mien.server.form import Form, MemoryFile, read_form
from mien.server.limits import Limits
from mien.server.models import ServedModel
from mien.server.pictures import decode, decode_plane
from mien.server.rows import face_row_json
from mien.server.schemas import AnalyzeAnswer, errors, form_body
from mien.server.service import Service, service_of

router = APIRouter()
CSV = "text/csv"


@dataclass(frozen=True, eq=False)
class Picture:
    """What was made of one picture.

    Attributes:
        name: As the client calls it.
        size: Width and height as displayed; None where it cannot be read.
        results: As for `mien analyze`.
        error: Why it cannot be read; None where it can.
    """

    name: str
    size: tuple[int, int] | None
    results: tuple[FaceResult, ...]
    error: ApiError | None = None

    def as_json(self) -> dict[str, Any]:
        """As the API gives it."""
        faces = [face_row_json(result) for result in self.results if result.status == "ok"]
        width, height = self.size or (None, None)
        return {
            "input": self.name,
            "width": width,
            "height": height,
            "faces": faces,
            "status": "error" if self.error else "ok" if faces else "no_face",
            "error": self.error.message if self.error else None,
        }


@router.post(
    "/v1/analyze",
    summary="Find the faces of pictures, and what they express",
    responses={
        200: {"model": AnalyzeAnswer, "content": {CSV: {"schema": {"type": "string"}}}},
        **errors(400, 408, 413, 415, 422, 503, 504),
    },
    openapi_extra=form_body(
        {
            "file": "JPEG, PNG, WebP, BMP, TIFF, AVIF, JPEG 2000 or PNM...",
            "depth": "16-bit grey PNG, one for each file...",
        },
        {
            "compound": {"type": "array", "items": {"type": "string"}, "description": "rafdb11 or du15"},
            "model": {"type": "string", "description": "one of GET /v1/models"},
            "depth_unit_mm": {
                "type": "number",
                "description": "one step of depth in millimetres",
                "default": 1,
            },
        },
    ),
)
async def analyze(request: Request, compound: Annotated[list[str] | None, Query()] = None) -> Response:
    """The faces of pictures, left to right; ``Accept: text/csv`` gives the table of `mien analyze`.

    One broken picture among several is an entry with its error. Nothing is stored.
    """
    service = service_of(request)
    with service.admission.enter() as place:
        form = await picture_form(request, service.limits, place)
        model = service.models.find(word(form, "model"))
        reader = model.reader(compound_sets(compound, form.fields.get("compound")))
        pieces = _pieces(service, form, model, reader)
        pictures = await service.crew.answer(request, pieces)
    if len(pictures) == 1 and pictures[0].error is not None:
        raise pictures[0].error
    service.metrics.faces.inc(sum(result.status == "ok" for one in pictures for result in one.results))
    if CSV in request.headers.get("accept", ""):
        return Response(_csv(pictures, model, reader), media_type=CSV)
    answer: dict[str, Any] = {"model": model.name, "results": [picture.as_json() for picture in pictures]}
    if form.files.get("depth") and model.spec.input.channels != "rgbd":
        answer["notes"] = [f"{model.name} sees colour alone: the depth was not used"]
    return JSONResponse(answer)


async def picture_form(request: Request, limits: Limits, place: Place) -> Form:
    """A request's pictures, in memory.

    Raises:
        ApiError: A limit is passed, or there is no picture.
    """
    make = partial(MemoryFile, most_bytes=limits.file_bytes)
    fields = {"file": (limits.pictures, make), "depth": (limits.pictures, make)}
    form = Form(request.headers.get("content-type", ""), fields)
    body = arriving(
        request, most_bytes=limits.request_bytes, pause_s=limits.request_s, total_s=limits.request_s
    )
    await read_form(form, body, place.grow)
    if not form.files.get("file"):
        raise ApiError(422, "invalid", "the field `file` is missing; send at least one picture in it")
    return form


def _pieces(
    service: Service, form: Form, model: ServedModel, reader: CompoundReader | None
) -> list[partial[Picture]]:
    """The work on each picture, to be done in threads."""
    files, planes = form.files["file"], form.files.get("depth", [])
    if planes and len(planes) != len(files):
        raise ApiError(
            422,
            "invalid",
            f"one depth for each file, in their order, or none: got {len(planes)} for {len(files)}",
        )
    unit_mm = number(form, "depth_unit_mm", 1.0, 1e-6, 1e6)
    paired = zip(files, planes or [None] * len(files), strict=True)
    return [partial(_work, service, model, reader, file, plane, unit_mm) for file, plane in paired]


def _work(
    service: Service,
    model: ServedModel,
    reader: CompoundReader | None,
    file: MemoryFile,
    plane: MemoryFile | None,
    unit_mm: float,
    dropped: threading.Event,
) -> Picture:
    """Analyse one picture; its pixels are gone before the model is waited for."""
    most = service.limits.pixels
    try:
        with service.detectors.borrow() as detector:
            if dropped.is_set():
                raise Dropped
            image = decode(file.data, file.name, most)
            depth = (
                None
                if plane is None
                else decode_plane(plane.data, f"the depth of {file.name}", most, unit_mm)
            )
            try:
                seen = look(image, model.spec, detector, depth)
            except InputError as error:
                raise ApiError(422, "invalid", f"{file.name}: {error}") from error
            size = (image.shape[1], image.shape[0])
            del image, depth
    except ApiError as error:
        failed = FaceResult(file.name, None, None, "error", error.message)
        return Picture(file.name, None, (failed,), error)
    if dropped.is_set():
        raise Dropped
    return Picture(file.name, size, tuple(judge(seen, model.shared, file.name, reader)))


def _csv(pictures: Sequence[Picture], model: ServedModel, reader: CompoundReader | None) -> bytes:
    layout = table_layout(model.spec.labels, compounds=() if reader is None else reader.names)
    table = CsvTable(Path("-"), layout)
    rows = [layout.row(result) for picture in pictures for result in picture.results]
    return table.header() + table.encode(rows)
