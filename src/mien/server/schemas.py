"""The answers' forms, for the API's description. Answers are made without them, which is faster."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class Answer(BaseModel):
    """Further keys may come with later versions."""

    model_config = ConfigDict(extra="allow")


class ErrorText(Answer):
    """What went wrong."""

    code: str = Field(description="what programs tell errors apart by")
    message: str = Field(description="one line: what was given, what the limit is, how to mend it")


class Error(Answer):
    """The form of every error."""

    error: ErrorText


class Row(Answer):
    """One face, or one frame or picture without."""

    input: str
    frame: int | None = None
    timestamp_s: float | None = None
    face_id: int | None = None
    status: str = Field(description="ok, no_face or error")
    error: str | None = None
    box: list[float] | None = Field(default=None, description="x, y, width, height in pixels as displayed")
    points: list[list[float]] | None = Field(
        default=None, description="x, y of right eye, left eye, nose tip, right and left mouth corner"
    )
    face_score: float | None = None
    emotion: str | None = None
    confidence: float | None = None
    probabilities: dict[str, float] | None = None
    compound: str | None = None
    compound_intensity: float | None = None
    compounds: dict[str, float] | None = None


class PictureAnswer(Answer):
    """One picture's faces."""

    input: str
    width: int | None
    height: int | None
    faces: list[Row]
    status: str
    error: str | None


class AnalyzeAnswer(Answer):
    """Of ``POST /v1/analyze``."""

    model: str
    results: list[PictureAnswer]


class ExplainAnswer(Answer):
    """Of ``POST /v1/explain``."""

    face_id: int
    label: str
    method: str
    box: list[float]
    quad: list[list[float]] = Field(
        description="x, y of the crop's corners in the picture, clockwise from upper left"
    )
    size: list[int] = Field(description="height and width of the map")
    map: str = Field(description="data:image/png;base64,...: RGBA, to be laid on the quad")


class Health(Answer):
    """Of ``GET /health``."""

    status: str
    version: str
    model: str
    queue: int


class Models(Answer):
    """Of ``GET /v1/models``."""

    models: list[dict[str, Any]]
    compound_sets: dict[str, list[dict[str, Any]]]
    limits: dict[str, float]
    palette: dict[str, str]


class JobAnswer(Answer):
    """A video and how far it is."""

    id: str
    status: str = Field(description="queued, running, done or failed")
    input: str
    progress: float | None
    frames_done: int
    frames_total: int | None
    error: str | None
    created: str
    expires: str


class JobList(Answer):
    """All jobs, newest first."""

    jobs: list[JobAnswer]


_WHAT = {
    400: "broken or truncated",
    401: "token missing or wrong",
    403: "Host or Origin of another site",
    404: "not found",
    408: "the body came too slowly",
    409: "not done yet",
    413: "too many bytes, pixels, pictures or frames",
    415: "of a type that is not read",
    422: "a field is missing or not valid",
    429: "too many requests; see Retry-After",
    503: "no room now; see Retry-After",
    504: "took too long",
    507: "the server's disk is full",
}


def errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The errors of a route, for the description; 401, 403 and 429 may come from every one."""
    return {status: {"model": Error, "description": _WHAT[status]} for status in (401, 403, 429, *statuses)}


def form_body(files: dict[str, str], fields: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """A multipart body, for the description.

    Args:
        files: Fields that hold files, with what they are; the first is required. One that ends in ``...`` may
            come more than once.
        fields: The others, with their schemas.
    """
    binary = {"type": "string", "format": "binary"}
    properties: dict[str, Any] = {}
    for name, what in files.items():
        if what.endswith("..."):
            properties[name] = {"type": "array", "items": binary, "minItems": 1, "description": what[:-3]}
        else:
            properties[name] = {**binary, "description": what}
    schema = {"type": "object", "required": [next(iter(files))], "properties": {**properties, **fields}}
    return {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": schema}}}}
