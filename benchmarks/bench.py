"""Everything that is claimed about speed and memory, measured in one run, as ratios.

    MIEN_TEST_DATA=... python benchmarks/bench.py [--out results/bench/DATE.bench.json] [--fer-python PYTHON]

Each figure stands beside what a user would take instead (the fer package, MediaPipe's landmarker, a plain
fp32 training loop) or beside what the machine can do at best. Runs take turns, so that a busy machine slows
all of them. `--fer-python` names the Python of an environment where `pip install fer` was done; without one,
its rows are left out and that is said.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import numpy as np
from analyze import decode, peak_memory_mb, repeat_clip
from limits import best_seconds, matmul_gflops, memory_gb_s, model_figures

from mien.faces.box import iou
from mien.runtime.analyze import AnalyzeOptions, run_analyze
from mien.runtime.engine_onnx import OnnxPredictor
from mien.runtime.model_files import find_model, list_models
from report import PROCESSORS, write_report

CLIP = "data/synthetic_rgbd/video/clip1_one_face.mp4"
FACE_MODEL = "models/face_landmarker_v2_with_blendshapes.task"


@dataclass(frozen=True)
class Figure:
    """One row: a measured value, what it stands beside, and how often the one goes into the other."""

    part: str
    name: str
    value: float
    unit: str
    beside: str = ""
    ratio: float | None = None
    wanted: str = ""

    def line(self) -> str:
        """The row as text."""
        ratio = "" if self.ratio is None else f"{self.ratio:8.2f} x  {self.beside}"
        return (
            f"{self.part:10} {self.name:44} {self.value:10.2f} {self.unit:9}{ratio}  {self.wanted}".rstrip()
        )


class Rows:
    """Keeps the rows of an analysis."""

    needs_frames = False

    def __init__(self) -> None:
        self.rows = []

    def write(self, results, frame) -> None:
        self.rows += results

    def close(self, summary=None) -> None:
        """Nothing is open."""


def analyzed(path: Path, **options: object) -> tuple[float, Rows]:
    """Milliseconds a frame of a whole run, and its rows."""
    rows = Rows()
    started = time.perf_counter()
    summary = run_analyze(AnalyzeOptions((str(path),), **options), sinks=[rows])
    return 1000 * (time.perf_counter() - started) / summary.n_frames, rows


def other(python: str, tool: str, path: Path, frames: int, model: Path | None = None) -> dict | None:
    """What `others.py` prints; None where the tool is not there."""
    command = [python, str(Path(__file__).with_name("others.py")), tool, str(path), "--frames", str(frames)]
    done = subprocess.run(
        [*command, *(["--model", str(model)] if model else [])], capture_output=True, text=True, check=False
    )
    lines = [line for line in done.stdout.splitlines() if line.startswith("RESULT ")]
    if done.returncode or not lines:
        print(f"{tool}: left out ({done.stderr.strip().splitlines()[-1:] or 'no result'})", file=sys.stderr)
        return None
    told = json.loads(lines[-1].removeprefix("RESULT "))
    return {**told, "ms": 1000 * told["seconds"] / told["frames"]}


def right_share(truth: Path, said: dict[int, list[tuple[tuple[float, ...], str]]], frames: int) -> float:
    """The share of a clip's faces that were found and named as the truth has it."""
    n = right = 0
    with truth.open(newline="") as file:
        for row in csv.DictReader(file):
            if int(row["frame"]) >= frames:
                continue
            n += 1
            box = tuple(float(v) for v in row["box"].split())
            near = [emotion for face, emotion in said.get(int(row["frame"]), []) if iou(face, box) > 0.3]
            right += row["label"] in near
    return right / n


def by_frame(rows: Rows) -> dict[int, list[tuple[tuple[float, ...], str]]]:
    """Boxes and emotions of an analysis."""
    said: dict[int, list[tuple[tuple[float, ...], str]]] = {}
    for row in rows.rows:
        if row.face is not None:
            said.setdefault(row.frame, []).append((row.face.box, row.emotion))
    return said


def video(data: Path, folder: Path, args: argparse.Namespace) -> Iterator[Figure]:
    """A 640 x 360 video of one face."""
    clip = folder / "clip.mp4"
    repeat_clip(data / CLIP, clip, args.frames)
    ways: dict[str, Callable[[], float]] = {
        "decoding": lambda: 1000 * decode(clip)[0] / args.frames,
        "follow": lambda: analyzed(clip)[0],
        "every": lambda: analyzed(clip, follow=False)[0],
    }
    best = dict.fromkeys(ways, float("inf"))
    for _ in range(args.rounds):
        for name, run in ways.items():
            best[name] = min(best[name], run())
    yield Figure("video", "decoding alone (PyAV, default threads)", best["decoding"], "ms/frame")
    fer = other(args.fer_python, "fer", data / CLIP, 200) if args.fer_python else None
    landmarks = other(sys.executable, "mediapipe", data / CLIP, 250, data / FACE_MODEL)
    for name, key, of_decoding, wanted in (
        ("mien analyze", "follow", "<= 1.5", "8 (lite), 4 (base)"),
        ("mien analyze --detect-every-frame", "every", "", "3"),
    ):
        ratio = best[key] / best["decoding"]
        yield Figure("video", name, best[key], "ms/frame", "decoding", ratio, of_decoding)
        if fer:
            yield Figure(
                "video",
                f"fer beside {name}",
                fer["ms"],
                "ms/frame",
                "mien",
                fer["ms"] / best[key],
                f">= {wanted}",
            )
    if landmarks:
        yield Figure(
            "video",
            "MediaPipe landmarker",
            landmarks["ms"],
            "ms/frame",
            "mien",
            landmarks["ms"] / best["follow"],
        )
    truth = (data / CLIP).with_suffix(".csv")
    for name, follow in (("mien analyze", True), ("mien analyze --detect-every-frame", False)):
        said = by_frame(analyzed(data / CLIP, follow=follow)[1])
        yield Figure("video", f"{name}: frames right", 100 * right_share(truth, said, 250), "%")
    if fer:
        said = {i: [(tuple(f["box"]), f["emotion"]) for f in faces] for i, faces in enumerate(fer["faces"])}
        yield Figure("video", "fer: frames right (200 frames)", 100 * right_share(truth, said, 200), "%")


def photographs(data: Path, folder: Path, n: int) -> list[np.ndarray]:
    """Write n JPEGs of 640 x 480 px with one face each, over and over if there are fewer; give the faces."""
    folder.mkdir()
    faces = [cv2.imread(str(path)) for path in sorted((data / "data/faces_london").glob("*/*.jpg"))[:n]]
    for i in range(n):
        face = faces[i % len(faces)]
        canvas = np.full((480, 640, 3), 90, np.uint8)
        side = min(480, face.shape[0])
        canvas[:side, 100 : 100 + side] = cv2.resize(face, (side, side))
        cv2.imwrite(str(folder / f"{i:04}.jpg"), canvas)
    return faces


def pictures(data: Path, folder: Path, args: argparse.Namespace) -> Iterator[Figure]:
    """A folder of photographs, one face in each, and a picture of many faces."""
    photos = folder / "photos"
    faces = photographs(data, photos, args.pictures)
    ours = min(analyzed(photos)[0] for _ in range(args.rounds))
    yield Figure("pictures", "mien analyze, 640 x 480 JPEG", ours, "ms each")
    if args.fer_python and (fer := other(args.fer_python, "fer", photos, args.pictures)):
        yield Figure("pictures", "fer", fer["ms"], "ms each", "mien", fer["ms"] / ours, ">= 3")
    if told := other(sys.executable, "mediapipe", photos, args.pictures, data / FACE_MODEL):
        yield Figure("pictures", "MediaPipe landmarker", told["ms"], "ms each", "mien", told["ms"] / ours)
    many = folder / "many"
    many.mkdir()
    tiles = [cv2.resize(face, (240, 240)) for face in faces[:24]]
    crowd = np.vstack([np.hstack(tiles[6 * row : 6 * row + 6]) for row in range(4)])
    for i in range(20):
        cv2.imwrite(str(many / f"{i:02}.jpg"), crowd)
    ms, rows = analyzed(many)
    found = len([row for row in rows.rows if row.face is not None]) / 20
    yield Figure("pictures", f"24 faces in one ({found:.0f} found)", ms, "ms each", "one face", ms / ours)


def models(args: argparse.Namespace) -> Iterator[Figure]:
    """The embedded model against the machine's own limits."""
    yield Figure("limits", "memory copy", memory_gb_s(), "GB/s")
    peaks = {name: matmul_gflops(name, PROCESSORS) for name in ("fp32", "bf16", "int8")}
    for name, peak in peaks.items():
        yield Figure("limits", f"matrix product, {name}", peak, "GFLOP/s")
    for card in list_models():
        name, path = card.name, find_model(card.name)
        precision = OnnxPredictor(path, threads=1).spec.precision
        told = model_figures(path, 32, PROCESSORS)
        peak = peaks.get(precision, peaks["fp32"])
        yield Figure(
            "model", f"{name} ({precision}), one face", told["ms_alone"], "ms", wanted="<= 6, lite <= 1"
        )
        yield Figure("model", f"{name}, batch 32", told["ms_in_batch"], "ms each")
        yield Figure(
            "model",
            f"{name}, batch 32",
            told["gflops"],
            "GFLOP/s",
            f"{precision} peak",
            told["gflops"] / peak,
            ">= 0.35",
        )


def start_up(data: Path, folder: Path, args: argparse.Namespace) -> Iterator[Figure]:
    """From the command to its end."""
    picture = sorted((data / "data/faces_london").glob("*/*.jpg"))[0]

    def run(*words: str) -> Callable[[], object]:
        return lambda: subprocess.run([sys.executable, *words], check=True, capture_output=True)

    bare = best_seconds(run("-c", "pass"), rounds=5, at_least_s=0)
    importing = best_seconds(run("-c", "import mien"), rounds=5, at_least_s=0) - bare
    one = best_seconds(run("-m", "mien", "analyze", str(picture), "-q"), rounds=5, at_least_s=0)
    yield Figure("start", "python alone", bare, "s")
    yield Figure("start", "import mien, python taken off", importing, "s", wanted="< 0.1")
    yield Figure("start", "mien analyze on one picture", one, "s", wanted="< 0.8")


def memory(data: Path, folder: Path, args: argparse.Namespace) -> Iterator[Figure]:
    """Peak memory against length."""
    told = argparse.Namespace(model="mien-base", detector="yunet")
    few, many = folder / "few.mp4", folder / "long.mp4"
    repeat_clip(data / CLIP, few, 1_000)
    repeat_clip(data / CLIP, many, args.long_frames)
    small, large = peak_memory_mb(few, told), peak_memory_mb(many, told)
    yield Figure("memory", "1,000 frames", small, "MB")
    yield Figure(
        "memory", f"{args.long_frames:,} frames, more than that", large - small, "MB", wanted="<= 50"
    )


def install(folder: Path, args: argparse.Namespace) -> Iterator[Figure]:
    """A fresh environment with mien alone, from the package registries."""
    prefix, root = folder / "venv", Path(__file__).resolve().parents[1]
    started = time.perf_counter()
    subprocess.run([sys.executable, "-m", "venv", str(prefix)], check=True)
    command = [str(prefix / "bin/python"), "-m", "pip", "install", "-q", str(root)]
    subprocess.run(command, check=True, capture_output=True)
    yield Figure("install", "pip install mien, environment and all", time.perf_counter() - started, "s")
    ours = _megabytes(prefix)
    yield Figure("install", "its environment", ours, "MB")
    if args.fer_python:
        theirs = _megabytes(Path(args.fer_python).absolute().parents[1])
        yield Figure("install", "an environment of fer", theirs, "MB", "mien", theirs / ours)


def _megabytes(folder: Path) -> float:
    """Of all files below a folder."""
    return sum(path.lstat().st_size for path in folder.rglob("*") if not path.is_dir()) / 1e6


def training(folder: Path, args: argparse.Namespace) -> Iterator[Figure]:
    """An epoch beside the plain loop."""
    if args.fer2013 is None:
        print("training: left out (--fer2013 names the folder that holds fer2013.csv)", file=sys.stderr)
        return
    from training import NETWORKS, training_figures

    for network, changes in NETWORKS.items():
        told = training_figures(args.fer2013, args.samples, changes)
        yield Figure("training", f"plain fp32 loop, DataLoader, {network}", told["plain_per_s"], "pict./s")
        ratio, making = told["ratio"], 100 * told["share_of_making_batches"]
        yield Figure(
            "training", f"mien train, {network}", told["mien_per_s"], "pict./s", "plain", ratio, ">= 4"
        )
        yield Figure("training", "making the batches, of the epoch", making, "%")
    best = matmul_gflops("bf16", PROCESSORS) / matmul_gflops("fp32", PROCESSORS)
    yield Figure("training", "bf16 product beside fp32: the most there is", best, "x")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, default=2_500)
    parser.add_argument("--long-frames", type=int, default=10_000)
    parser.add_argument("--pictures", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--samples", type=int, default=4_096, help="training pictures of an epoch")
    parser.add_argument("--fer2013", type=Path, help="folder that holds fer2013.csv")
    parser.add_argument("--fer-python", default=os.environ.get("FER_PYTHON"))
    parser.add_argument(
        "--only", nargs="*", help="parts to run: video pictures models start memory install training"
    )
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    if "MIEN_TEST_DATA" not in os.environ:
        parser.error("MIEN_TEST_DATA names the data folder")
    data = Path(os.environ["MIEN_TEST_DATA"])
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        parts: dict[str, Callable[[], Iterator[Figure]]] = {
            "video": lambda: video(data, folder, args),
            "pictures": lambda: pictures(data, folder, args),
            "models": lambda: models(args),
            "start": lambda: start_up(data, folder, args),
            "memory": lambda: memory(data, folder, args),
            "install": lambda: install(folder, args),
            "training": lambda: training(folder, args),
        }
        for part, run in parts.items():
            for figure in run() if not args.only or part in args.only else ():
                figures.append(figure)
                print(figure.line(), flush=True)
    write_report(args.out, [asdict(figure) for figure in figures])


if __name__ == "__main__":
    main()
