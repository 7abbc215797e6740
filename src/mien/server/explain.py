"""``POST /v1/explain``: which places of a face speak for a label."""

from __future__ import annotations

import base64
import threading
from functools import partial
from typing import Any

import cv2
import numpy as np
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from numpy.typing import NDArray
from starlette.responses import Response

from mien.core.records import Frame
from mien.core.registry import suggest
from mien.explain.activation import activation_maker, gives_activation
from mien.explain.maps import enlarged, to_unit
from mien.explain.occlusion import occlusion_maker
from mien.faces.align import crop_corners
from mien.faces.preprocess import to_batch
from mien.runtime.face_crops import FaceCrop, faces_of
from mien.server.analyze import picture_form
from mien.server.crew import Dropped
from mien.server.errors import ApiError
from mien.server.fields import whole_number, word
from mien.server.models import ServedModel
from mien.server.pictures import decode
from mien.server.schemas import ExplainAnswer, errors, form_body
from mien.server.service import Service, service_of

router = APIRouter()
METHODS = ("gradcam", "occlusion")
_SHOWN_PX = 192
_OPACITY = 0.75


@router.post(
    "/v1/explain",
    summary="Show where a face's expression is seen",
    responses={200: {"model": ExplainAnswer}, **errors(400, 404, 408, 413, 415, 422, 503, 504)},
    openapi_extra=form_body(
        {"file": "one picture"},
        {
            "face_id": {"type": "integer", "description": "counted from the left", "default": 0},
            "label": {"type": "string", "description": "of the model; the predicted one when left out"},
            "method": {"type": "string", "enum": list(METHODS), "default": METHODS[0]},
            "model": {"type": "string", "description": "one of GET /v1/models"},
        },
    ),
)
async def explain(request: Request) -> Response:
    """A map of one face: Grad-CAM, or how far the label's probability falls when a place is hidden.

    A model that gives no class activation map has occlusion alone; `method` says which one it is.
    """
    service = service_of(request)
    with service.admission.enter() as place:
        form = await picture_form(request, service.limits, place)
        files = form.files["file"]
        if len(files) != 1:
            raise ApiError(422, "invalid", f"one picture is explained at a time, got {len(files)}")
        model = service.models.find(word(form, "model"))
        label, method = word(form, "label"), word(form, "method") or METHODS[0]
        if label is not None and label not in model.spec.labels:
            known = suggest(label[:40], list(model.spec.labels))
            raise ApiError(422, "invalid", f"unknown label {label[:40]!r}{known}")
        if method not in METHODS:
            raise ApiError(
                422, "invalid", f"unknown method {method[:40]!r}{suggest(method[:40], list(METHODS))}"
            )
        face_id = whole_number(form, "face_id", 0, 0, 10_000)
        piece = partial(_work, service, model, files[0].data, files[0].name, face_id, label, method)
        return JSONResponse(await service.crew.one(request, piece))


def _work(
    service: Service,
    model: ServedModel,
    data: bytes,
    name: str,
    face_id: int,
    label: str | None,
    method: str,
    dropped: threading.Event,
) -> dict[str, Any]:
    """Explain one face; its turn on a processor lasts to the end, as it is as much work as many faces."""
    with service.detectors.borrow() as detector:
        if dropped.is_set():
            raise Dropped
        image = decode(data, name, service.limits.pixels)
        faces = faces_of(Frame(name, image), model.spec.input, detector)
        del image
        if face_id >= len(faces):
            found = f"{len(faces)} face{'' if len(faces) == 1 else 's'}"
            raise ApiError(
                404, "no_such_face", f"{name}: there is no face {face_id}; {found} found, counted from 0"
            )
        return _explained(faces[face_id], model, label, method)


def _explained(crop: FaceCrop, model: ServedModel, label: str | None, method: str) -> dict[str, Any]:
    spec, face = model.spec, crop.face
    assert face is not None, "found by a detector"
    batch = to_batch([crop.crop], spec.input)
    if label is None:
        label = spec.labels[int(np.argmax(model.predictor.logits(batch)[0]))]
    target = np.array([spec.labels.index(label)])
    if method == "gradcam" and not gives_activation(model.predictor):
        method = "occlusion"
    maker = (activation_maker if method == "gradcam" else occlusion_maker)(model.predictor)
    plane = maker(batch, target)[method][0]
    shown = overlay_png(plane, max(_SHOWN_PX, spec.input.size_px))
    quad = crop_corners(face.points, spec.input)
    return {
        "face_id": crop.number,
        "label": label,
        "method": method,
        "box": list(face.box),
        "quad": [[round(float(v), 2) for v in corner] for corner in quad],
        "size": [max(_SHOWN_PX, spec.input.size_px)] * 2,
        "map": "data:image/png;base64," + base64.b64encode(shown).decode("ascii"),
    }


def overlay_png(plane: NDArray[np.float32], side: int) -> bytes:
    """A map as an RGBA picture: the more a place matters, the redder and the less transparent.

    Args:
        plane: [h, w]; what speaks against the label counts as 0.
        side: Of the picture, in pixels.
    """
    values = enlarged(to_unit(plane), side)
    levels = np.rint(255 * np.clip(values, 0, 1)).astype(np.uint8)
    colours = cv2.applyColorMap(levels, cv2.COLORMAP_TURBO)
    opacity = np.rint(levels * _OPACITY).astype(np.uint8)
    return cv2.imencode(".png", np.dstack([colours, opacity]))[1].tobytes()
