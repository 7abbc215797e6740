"""``mien serve``: REST, WebSocket and one page."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from mien.server.settings import Settings


def serve(
    host: Annotated[
        str, typer.Option(help="Address to listen on; any but this machine's own (loopback) needs a token.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on; 0 takes a free one.")] = 8000,
    token: Annotated[
        str | None,
        typer.Option(
            envvar="MIEN_TOKEN",
            show_envvar=True,
            help="What clients must send as `Authorization: Bearer TOKEN`. Others on this machine see a "
            "command line, so better set MIEN_TOKEN.",
        ),
    ] = None,
    model: Annotated[
        list[str] | None,
        typer.Option(
            help="An embedded model or an ONNX file; may be given more than once, the first is default."
        ),
    ] = None,
    detector: Annotated[str, typer.Option(help="auto, yunet, haar or mediapipe.")] = "auto",
    min_face: Annotated[
        int | None, typer.Option(min=1, metavar="PX", help="Narrowest face that is looked for.")
    ] = None,
    data_dir: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where jobs are kept. Left out: the user's cache.")
    ] = None,
    keep_hours: Annotated[float, typer.Option(metavar="HOURS", help="How long a job is kept.")] = 24.0,
    threads: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Pictures worked on at once; one per processor.")
    ] = None,
    batching: Annotated[
        bool, typer.Option("--batching/--no-batching", help="Judge faces of several requests together.")
    ] = True,
    proxy: Annotated[
        str, typer.Option(metavar="IP,...", help="Reverse proxies whose X-Forwarded-For is believed.")
    ] = "",
    max_file: Annotated[float, typer.Option(metavar="MB", help="Largest picture.")] = 32,
    max_request: Annotated[float, typer.Option(metavar="MB", help="Largest request with pictures.")] = 128,
    max_video: Annotated[float, typer.Option(metavar="MB", help="Largest video.")] = 2048,
    max_pixels: Annotated[float, typer.Option(metavar="MEGAPIXELS", help="Of a picture or frame.")] = 40,
    max_pictures: Annotated[int, typer.Option(metavar="N", help="Pictures in one request.")] = 32,
    max_frames: Annotated[int, typer.Option(metavar="N", help="Frames of a video.")] = 500_000,
    max_minutes: Annotated[float, typer.Option(metavar="MINUTES", help="Length of a video.")] = 240,
    max_rate: Annotated[
        float, typer.Option(metavar="N", help="Requests a second from one client; 0: no limit.")
    ] = 50,
    max_seconds: Annotated[float, typer.Option(metavar="SECONDS", help="Time for one request.")] = 30,
    max_queue: Annotated[int, typer.Option(metavar="N", help="Requests in hand at once.")] = 256,
    max_jobs: Annotated[int, typer.Option(metavar="N", help="Videos that wait or run.")] = 100,
    max_streams: Annotated[int, typer.Option(metavar="N", help="Live streams at once.")] = 8,
    verbose: Annotated[
        bool, typer.Option("--verbose", help="A line on stderr for each request, without names or tokens.")
    ] = False,
) -> None:
    """Serve the analysis of pictures, videos and live frames: REST, WebSocket and one page.

    The page is at http://127.0.0.1:8000, a description of the API at /docs. Pictures and frames live in
    memory alone; a video that is sent is kept in --data-dir until it is analysed, its rows until they are
    deleted or expire, so that a job survives a restart. Ctrl-C or SIGTERM finishes running requests first.

    For example:

    * `mien serve`, then `curl -F file=@photo.jpg http://127.0.0.1:8000/v1/analyze`

    * `curl -F file=@clip.mp4 http://127.0.0.1:8000/v1/jobs` answers with the job's id;
      `curl http://127.0.0.1:8000/v1/jobs/ID/result?format=csv` gives its table

    * `MIEN_TOKEN=$(openssl rand -hex 16) mien serve --host 0.0.0.0` for others too; put a reverse proxy with
      TLS before it and name the proxy with `--proxy`

    What passes a limit is refused with a clear 4xx; all limits are at /v1/models.
    """
    from mien.api import need_serve_extra

    need_serve_extra()
    # Formats whose header may lie about the size are decoded by OpenCV, which reads this when it is loaded.
    os.environ.setdefault("OPENCV_IO_MAX_IMAGE_PIXELS", str(round(max_pixels * 1e6)))
    os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")  # clients are told what is wrong with their pictures
    from mien.server.limits import MIB, Limits
    from mien.server.run import serve as run
    from mien.server.settings import DEFAULT_MODEL, Settings, default_data_dir

    limits = Limits(
        file_bytes=round(max_file * MIB),
        video_bytes=round(max_video * MIB),
        request_bytes=round(max_request * MIB),
        pixels=round(max_pixels * 1e6),
        pictures=max_pictures,
        video_frames=max_frames,
        video_s=60 * max_minutes,
        requests_per_s=max_rate,
        request_s=max_seconds,
        queue=max_queue,
        jobs=max_jobs,
        streams=max_streams,
    )
    narrowest: dict[str, Any] = {} if min_face is None else {"min_face_px": min_face}
    settings = Settings(
        host=host,
        port=port,
        token=token or None,
        models=tuple(model or (DEFAULT_MODEL,)),
        detector=detector,
        data_dir=data_dir or default_data_dir(),
        keep_hours=keep_hours,
        threads=threads,
        batching=batching,
        proxies=proxy,
        limits=limits,
        verbose=verbose,
        **narrowest,
    )
    run(settings, lambda address: print(_welcome(settings, address), file=sys.stderr, flush=True))


def _welcome(settings: Settings, address: str) -> str:
    """One line: where it is, and who may ask."""
    who = "with the token" if settings.token else "from this machine alone"
    return f"mien: serving {settings.models[0]} at {address} ({who}); the API is described at {address}/docs"
