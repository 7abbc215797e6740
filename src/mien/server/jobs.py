"""``/v1/jobs``: videos, which take longer than a request."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from mien.server.body import arriving
from mien.server.errors import ApiError, busy, disk_full, is_disk_full
from mien.server.fields import compound_sets, number, whole_number, word
from mien.server.form import Form
from mien.server.job_results import result_response
from mien.server.job_store import Job
from mien.server.job_worker import VIDEO
from mien.server.limits import MIB
from mien.server.schemas import JobAnswer, JobList, errors, form_body
from mien.server.service import Service, service_of
from mien.server.video_file import VideoFile, look_at_video

router = APIRouter()
JobId = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{22}$", description="of POST /v1/jobs")]

_FORM_BYTES = MIB  # what a form has beside its video
_UPLOAD_S = 3600.0
_SPARE_BYTES = 64 * MIB


@router.post(
    "/v1/jobs",
    status_code=202,
    summary="Send a video",
    responses={202: {"model": JobAnswer}, **errors(400, 408, 413, 415, 422, 503, 504, 507)},
    openapi_extra=form_body(
        {"file": "one video: MP4, WebM, MOV, AVI, MKV, ..."},
        {
            "every": {"type": "integer", "description": "each n-th frame", "default": 1, "minimum": 1},
            "smooth_s": {
                "type": "number",
                "description": "smooth probabilities over this time",
                "default": 0,
            },
            "compound": {"type": "array", "items": {"type": "string"}, "description": "rafdb11 or du15"},
            "model": {"type": "string", "description": "one of GET /v1/models"},
        },
    ),
)
async def send(request: Request, compound: Annotated[list[str] | None, Query()] = None) -> Response:
    """Queue a video. Once this answers 202 the job survives a restart of the server.

    The video is kept in the server's own folder until it is analysed, its rows until they are deleted or
    expire.
    """
    service = service_of(request)
    with service.admission.enter():
        if service.jobs.n_waiting() >= service.limits.jobs:
            raise _full(service)
        job_id, folder = await run_in_threadpool(service.jobs.new_folder)
        kept = False
        try:
            job = await _received(service, request, job_id, compound)
            kept = True
        except (OSError, sqlite3.OperationalError) as error:
            raise disk_full() if is_disk_full(error) else error from error
        finally:
            if not kept:
                await asyncio.shield(run_in_threadpool(shutil.rmtree, folder, True))
    service.worker.wake()
    return JSONResponse(job.as_json(), 202)


async def _received(service: Service, request: Request, job_id: str, compound: list[str] | None) -> Job:
    """Take the video in, look at it, keep it."""
    limits, folder = service.limits, service.jobs.folder_of(job_id)
    announced = request.headers.get("content-length", "")
    if (
        announced.isdigit()
        and shutil.disk_usage(folder).free < min(int(announced), limits.video_bytes) + _SPARE_BYTES
    ):
        raise disk_full()
    made: list[VideoFile] = []

    def make(name: str) -> VideoFile:
        made.append(VideoFile(name, folder / VIDEO, limits))
        return made[-1]

    form = Form(request.headers.get("content-type", ""), {"file": (1, make)})
    body = arriving(
        request, most_bytes=limits.video_bytes + _FORM_BYTES, pause_s=limits.request_s, total_s=_UPLOAD_S
    )
    try:
        await _store(form, body, made)
        if not made:
            raise ApiError(422, "invalid", "the field `file` is missing; send one video in it")
        asked = _asked(service, form, compound)
        await run_in_threadpool(made[0].finish)
    finally:
        for file in made:
            file.discard()
    try:
        async with asyncio.timeout(limits.request_s):
            facts = await run_in_threadpool(look_at_video, folder / VIDEO, made[0].name, limits)
    except TimeoutError as error:
        raise ApiError(504, "time_over", "looking at the video took too long; is it damaged?") from error
    every = asked["every"]
    job = Job(
        id=job_id,
        input=made[0].name,
        width=facts.width,
        height=facts.height,
        fps=facts.fps,
        frames_total=None if facts.n_frames is None else -(-facts.n_frames // every),
        **asked,
    )
    kept = await run_in_threadpool(service.jobs.add, job, limits.jobs)
    if kept is None:  # others came while this one was on its way
        raise _full(service)
    return kept


def _full(service: Service) -> ApiError:
    return busy(f"{service.limits.jobs} videos wait already; try again when some are done")


async def _store(form: Form, body: AsyncIterator[bytes], made: list[VideoFile]) -> None:
    async for piece in body:
        form.feed(piece)
        if made and made[0].is_ripe:
            await run_in_threadpool(made[0].flush)
    form.finish()


def _asked(service: Service, form: Form, compound: list[str] | None) -> dict[str, Any]:
    """The job's options."""
    model = service.models.find(word(form, "model"))
    sets = compound_sets(compound, form.fields.get("compound"))
    reader = model.reader(sets)
    if model.spec.input.channels == "rgbd" and not model.spec.depth_optional:
        raise ApiError(422, "invalid", f"{model.name} cannot do without depth, and a video has none")
    return {
        "model": model.word,
        "labels": model.spec.labels,
        "every": whole_number(form, "every", 1, 1, 100_000),
        "smooth_s": number(form, "smooth_s", 0.0, 0.0, 3600.0),
        "compound": sets,
        "compounds": () if reader is None else reader.names,
    }


@router.get("/v1/jobs", summary="All videos, newest first", responses={200: {"model": JobList}, **errors()})
def list_jobs(request: Request) -> Response:
    """What was sent and has not expired."""
    service = service_of(request)
    return JSONResponse({"jobs": [service.worker.progress_of(job).as_json() for job in service.jobs.all()]})


@router.get(
    "/v1/jobs/{id}", summary="How far a video is", responses={200: {"model": JobAnswer}, **errors(404, 422)}
)
def get_job(request: Request, id: JobId) -> Response:
    """One job."""
    service = service_of(request)
    return JSONResponse(service.worker.progress_of(_job(service, id)).as_json())


@router.delete(
    "/v1/jobs/{id}",
    status_code=204,
    summary="Cancel a video and delete all of it",
    responses=errors(404, 422),
)
def delete_job(request: Request, id: JobId) -> Response:
    """Nothing of it is left."""
    service = service_of(request)
    if not service.worker.delete(id):
        raise _unknown()
    return Response(status_code=204)


@router.get(
    "/v1/jobs/{id}/result",
    summary="The rows of a video",
    responses={
        200: {
            "content": {
                "application/json": {"schema": {"type": "object"}},
                "text/csv": {"schema": {"type": "string"}},
                "application/vnd.apache.parquet": {"schema": {"type": "string", "format": "binary"}},
            }
        },
        **errors(404, 409, 422, 507),
    },
)
def get_result(
    request: Request,
    id: JobId,
    format: Annotated[str, Query(description="json, csv or parquet")] = "json",
    compound: Annotated[
        list[str] | None, Query(description="some of the job's sets; all when left out")
    ] = None,
) -> Response:
    """The table of `mien analyze`, or the same as JSON."""
    service = service_of(request)
    job = _job(service, id)
    if format not in ("json", "csv", "parquet"):
        raise ApiError(422, "invalid", f"format is json, csv or parquet, got {format[:40]!r}")
    if job.status == "failed":
        raise ApiError(409, "failed", f"there is no result: {job.error}")
    if job.status != "done":
        raise ApiError(409, "not_done", f"the job is {job.status}; ask again when its status is done")
    return result_response(job, service.jobs.folder_of(id), format, compound_sets(compound))


def _job(service: Service, job_id: str) -> Job:
    job = service.jobs.get(job_id)
    if job is None:
        raise _unknown()
    return job


def _unknown() -> ApiError:
    return ApiError(404, "not_found", "there is no such job; it may have been deleted, or have expired")
