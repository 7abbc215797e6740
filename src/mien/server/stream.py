"""``WS /v1/stream``: frames one by one; the newest wins."""

from __future__ import annotations

import asyncio
import json
import math
import time
from dataclasses import dataclass, field
from typing import Any

from fastapi import APIRouter, WebSocket
from starlette.websockets import WebSocketDisconnect, WebSocketState

from mien.core.errors import MienError
from mien.runtime.stream import FaceStream
from mien.server.errors import ApiError
from mien.server.fields import compound_sets
from mien.server.gate import close_reason, token_fits
from mien.server.pictures import decode
from mien.server.rows import face_row_json
from mien.server.service import Service, service_of

router = APIRouter()
NAME = "stream"
WRONG_TOKEN, TOO_LARGE, TOO_MANY, IDLE, INVALID = 4401, 1009, 1013, 4408, 4422
_TEXT_BYTES = 1024


@router.websocket("/v1/stream")
async def stream(socket: WebSocket) -> None:
    """Frames in, faces out. Query: ``compound`` (repeatable), ``smooth_s``, ``model``, ``token``."""
    service = service_of(socket)
    await socket.accept()
    query = socket.query_params
    if not token_fits(service.settings.token, socket.headers, query.get("token")):
        await socket.close(WRONG_TOKEN, "this server needs its token: ?token=TOKEN")
        return
    if service.n_streams >= service.limits.streams:
        await socket.close(TOO_MANY, f"{service.limits.streams} streams are open already; try again later")
        return
    try:
        faces = _face_stream(service, query.get("model"), query.getlist("compound"), query.get("smooth_s"))
    except ApiError as error:
        await socket.close(INVALID, close_reason(error))
        return
    service.n_streams += 1
    service.metrics.streams.inc()
    try:
        await _Conversation(socket, service, faces).run()
    finally:
        service.n_streams -= 1
        service.metrics.streams.dec()


def _face_stream(service: Service, model: str | None, sets: list[str], smooth: str | None) -> FaceStream:
    """The stream that a client asks for.

    Raises:
        ApiError: It asks for what there is not.
    """
    served = service.models.find(model)
    try:
        smooth_s = float(smooth or 0)
    except ValueError:
        smooth_s = math.nan
    if not 0 <= smooth_s <= 60:
        raise ApiError(422, "invalid", f"smooth_s is a number from 0 to 60, got {(smooth or '')[:20]!r}")
    reader = served.reader(compound_sets(sets))
    return FaceStream(served.shared, service.detectors, name=NAME, smooth_s=smooth_s, compounds=reader)


@dataclass
class _Waiting:
    """A frame that waits for its turn."""

    number: int
    timestamp_s: float
    data: bytes
    arrived: float


@dataclass
class _Conversation:
    """One open socket."""

    socket: WebSocket
    service: Service
    faces: FaceStream
    n_frames: int = 0
    n_dropped: int = 0
    _waiting: _Waiting | None = None
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    _began: float = field(default_factory=time.monotonic)
    _told_s: float | None = None
    _last_s: float = 0.0

    async def run(self) -> None:
        """Hear and answer until one side ends it."""
        hearing, answering = asyncio.ensure_future(self._hear()), asyncio.ensure_future(self._answer())
        try:
            await asyncio.wait({hearing, answering}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (hearing, answering):
                task.cancel()
            await asyncio.wait({hearing, answering})
        for task in (hearing, answering):
            error = None if task.cancelled() else task.exception()
            if error is not None and not isinstance(error, WebSocketDisconnect):
                raise error

    async def _hear(self) -> None:
        """Take messages; a frame that still waits when the next comes is dropped."""
        while True:
            try:
                async with asyncio.timeout(self.service.limits.stream_idle_s):
                    message = await self.socket.receive()
            except TimeoutError:
                await self._end(IDLE, f"no frame for {self.service.limits.stream_idle_s:g} s")
                return
            if message["type"] == "websocket.disconnect":
                return
            data, text = message.get("bytes"), message.get("text")
            most = self.service.limits.message_bytes if data is not None else _TEXT_BYTES
            if len(data if data is not None else text or "") > most:
                await self._end(TOO_LARGE, f"a message has at most {most} bytes; send smaller frames")
                return
            if data is not None:
                self._take(data)
            elif not self._understood(text or ""):
                await self._end(1000, "")
                return

    def _take(self, data: bytes) -> None:
        if self._waiting is not None:
            self.n_dropped += 1
            self.service.metrics.frames.labels("dropped").inc()
        now = time.monotonic()
        time_s = now - self._began if self._told_s is None else self._told_s
        self._last_s = max(self._last_s, round(time_s, 6))  # time does not run backwards
        self._waiting = _Waiting(self.n_frames, self._last_s, data, now)
        self._told_s = None
        self.n_frames += 1
        self._changed.set()

    def _understood(self, text: str) -> bool:
        """Note the next frame's time; False when the client says good-bye. Other texts say nothing."""
        try:
            said = json.loads(text)
        except ValueError:
            return True
        if isinstance(said, dict):
            time_s = said.get("t")
            if isinstance(time_s, int | float) and 0 <= time_s < 1e9:  # false for nan too
                self._told_s = float(time_s)
            return said.get("type") != "bye"
        return True

    async def _answer(self) -> None:
        """Analyse the newest frame again and again."""
        loop = asyncio.get_running_loop()
        while True:
            await self._changed.wait()
            self._changed.clear()
            frame, self._waiting = self._waiting, None
            if frame is None:
                continue
            answer = await loop.run_in_executor(self.service.crew.threads, self._analyzed, frame)
            answer["dropped"] = self.n_dropped
            answer["latency_ms"] = round(1000 * (time.monotonic() - frame.arrived), 2)
            self.service.metrics.frames.labels("broken" if "error" in answer else "answered").inc()
            async with asyncio.timeout(self.service.limits.request_s):
                await self.socket.send_text(json.dumps(answer))

    def _analyzed(self, frame: _Waiting) -> dict[str, Any]:
        """A frame's faces, in a thread."""
        try:
            image = decode(frame.data, f"frame {frame.number}", self.service.limits.pixels)
            results = self.faces.update(image, frame.number, frame.timestamp_s)
        except ApiError as error:
            return {"frame": frame.number, **error.body()}
        except MienError as error:
            return {"frame": frame.number, **ApiError(422, "invalid", str(error)).body()}
        rows = [face_row_json(result) for result in results if result.status == "ok"]
        self.service.metrics.faces.inc(len(rows))
        return {
            "frame": frame.number,
            "timestamp_s": frame.timestamp_s,
            "width": image.shape[1],
            "height": image.shape[0],
            "faces": rows,
        }

    async def _end(self, code: int, reason: str) -> None:
        if self.socket.application_state is WebSocketState.CONNECTED:
            await self.socket.close(code, reason)
