"""Doubles and small generated media for the runtime's tests: a face is a red patch."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from mien.core.labels import BASIC7
from mien.core.records import Face, FaceResult, Frame, Predictor
from mien.core.specs import AlignSpec, InputSpec, ModelSpec
from mien.runtime.analyze import AnalyzeOptions, run_analyze
from mien.runtime.sink import Summary

ALIGN = AlignSpec(points=((0.3, 0.4), (0.7, 0.4), (0.5, 0.6), (0.35, 0.8), (0.65, 0.8)))


class PatchDetector:
    """Finds red patches; the five points lie in fixed places of the patch."""

    name = "patches"

    def __init__(self, delay_s: float = 0.0) -> None:
        self.delay_s = delay_s

    def detect(self, image: np.ndarray) -> list[Face]:
        assert image.dtype == np.uint8
        assert image.ndim == 3
        assert image.flags.c_contiguous
        time.sleep(self.delay_s)
        red, green, blue = (image[:, :, i].astype(int) for i in range(3))
        mask = ((red > 150) & (green < 100) & (blue < 100)).astype(np.uint8)
        _, _, stats, _ = cv2.connectedComponentsWithStats(mask)
        faces = []
        for x, y, w, h, area in stats[1:]:
            if area >= 60:
                points = np.array(ALIGN.points, np.float32) * [w, h] + [x, y]
                faces.append(Face((float(x), float(y), float(w), float(h)), 0.9, points.astype(np.float32)))
        return faces


class ColourPredictor:
    """Logits from a crop's mean colours: different for each shade of red, the same in any batch."""

    def __init__(self) -> None:
        self.batches: list[int] = []
        self.threads: set[str] = set()

    @property
    def spec(self) -> ModelSpec:
        side = InputSpec(size_px=8, channels="rgb", mean=(0.5,) * 3, std=(0.5,) * 3, align=ALIGN)
        return ModelSpec(name="colours", method="test", labels=BASIC7.names, input=side)

    def logits(self, batch: np.ndarray) -> np.ndarray:
        self.batches.append(len(batch))
        self.threads.add(threading.current_thread().name)
        mixer = np.random.default_rng(0).normal(0, 4, (3 * 8 * 8, 7))
        # One face at a time: a sum over a batch may round otherwise for another batch.
        return np.stack([crop.astype(np.float64).ravel() @ mixer / 64 for crop in batch]).astype(np.float32)


class ListSink:
    """Keeps what it is given."""

    def __init__(self, needs_frames: bool = True) -> None:
        self.needs_frames = needs_frames
        self.results: list[FaceResult] = []
        self.frames: list[Frame | None] = []
        self.summaries: list[Summary | None] = []

    def write(self, results: Sequence[FaceResult], frame: Frame | None) -> None:
        self.results += results
        self.frames.append(frame)

    def close(self, summary: Summary | None = None) -> None:
        self.summaries.append(summary)


@pytest.fixture
def sink() -> ListSink:
    return ListSink()


@pytest.fixture
def predictor() -> ColourPredictor:
    return ColourPredictor()


@pytest.fixture
def detector() -> PatchDetector:
    return PatchDetector()


@pytest.fixture
def analyze(predictor: ColourPredictor) -> Callable[..., Summary]:
    """`run_analyze` with the doubles; keyword arguments are options, `sinks` and `delay_s` apart."""

    def run(
        *paths: object,
        sinks: Sequence[object] = (),
        delay_s: float = 0.0,
        predictor: Predictor = predictor,
        **options: object,
    ) -> Summary:
        told = AnalyzeOptions(paths=tuple(str(path) for path in paths), **{"threads": 2, **options})
        return run_analyze(
            told, predictor=predictor, make_detector=lambda: PatchDetector(delay_s), sinks=tuple(sinks)
        )

    return run


def draw_picture(faces: Sequence[tuple[int, int]], size: tuple[int, int] = (120, 160), shade: int = 230):
    """A grey picture [H, W, 3] with a red patch of 24 x 28 pixels at each (x, y)."""
    image = np.full((*size, 3), 128, np.uint8)
    for x, y in faces:
        image[max(0, y) : y + 28, max(0, x) : x + 24] = (shade, 20, 30)
        image[max(0, y + 20) : y + 24, max(0, x + 6) : x + 18] = (shade, 60, 60)
    return image


@pytest.fixture
def picture() -> Callable[..., np.ndarray]:
    return draw_picture


@pytest.fixture
def save_picture() -> Callable[..., Path]:
    """Writes an RGB picture; the ending decides how."""

    def save(path: Path, image: np.ndarray | None = None) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        image = draw_picture([(40, 40)]) if image is None else image
        suffix = path.suffix if path.suffix else ".png"
        path.write_bytes(cv2.imencode(suffix, cv2.cvtColor(image, cv2.COLOR_RGB2BGR))[1].tobytes())
        return path

    return save


@pytest.fixture
def save_video() -> Callable[..., Path]:
    """Writes RGB frames; `times_s` makes the rate vary."""

    def save(
        path: Path,
        frames: Sequence[np.ndarray],
        times_s: Sequence[float] | None = None,
        rate: int = 25,
        codec: str = "libx264",
        **container: str,
    ) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        base = Fraction(1, 1000)
        times = [i / rate for i in range(len(frames))] if times_s is None else times_s
        with av.open(str(path), "w", **container) as out:
            stream = out.add_stream(codec, rate=rate)
            stream.height, stream.width = frames[0].shape[:2]
            stream.pix_fmt = "yuv420p"
            stream.codec_context.time_base = base
            if codec == "libx264":
                stream.options = {"crf": "12", "g": "10", "preset": "ultrafast"}
            for image, time_s in zip(frames, times, strict=True):
                picture = av.VideoFrame.from_ndarray(image, format="rgb24")
                picture.pts, picture.time_base = round(time_s * 1000), base
                out.mux(stream.encode(picture))
            out.mux(stream.encode(None))
        return path

    return save


@pytest.fixture
def moving_faces() -> list[np.ndarray]:
    """Forty frames: one face, missed for three of them, and a second from frame 12 to 30; both move."""
    frames = []
    for i in range(40):
        faces = [] if 18 <= i < 21 else [(20 + i, 30)]
        if 12 <= i < 31:
            faces.append((120 - i // 2, 60))
        frames.append(draw_picture(faces, shade=190 + i))
    return frames
