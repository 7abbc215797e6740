"""What Ray adds to one process, what a million faces cost, and whether memory stays flat over a long video.

    MIEN_TEST_DATA=... python benchmarks/wide.py [--out results/bench/DATE.wide.json]

Videos are the one-face clip of 640 x 360 px, repeated; pictures are photographs of 640 x 480 px with one face
each. Workers have one thread each, and runs with one and with two of them take turns.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import ray
from analyze import CLIP, peak_memory_mb, repeat_clip
from bench import photographs

from mien.runtime.analyze import AnalyzeOptions, run_analyze
from mien.runtime.wide import WideOptions, run_wide
from report import write_report

MILLION = 1_000_000


def seconds(work: Callable[[], object]) -> float:
    """How long a call takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def spread(paths: Path, out: Path, workers: int) -> Callable[[], object]:
    """An analysis by Ray with some workers of one thread each."""
    options = AnalyzeOptions((str(paths),), out=out, overwrite=True, threads=1)
    return lambda: run_wide(options, WideOptions(workers=workers, shard_size=100))


def ray_figures(kind: str, folder: Path, rounds: int) -> dict[str, float]:
    """Two workers beside one; both tables are compared."""
    best = {1: float("inf"), 2: float("inf")}
    tables = {workers: folder.parent / f"{kind}{workers}.csv" for workers in best}
    for _ in range(rounds):
        for workers in best:
            best[workers] = min(best[workers], seconds(spread(folder, tables[workers], workers)))
    same = tables[1].read_bytes() == tables[2].read_bytes()
    return {
        "one_worker_s": best[1],
        "two_workers_s": best[2],
        "ratio": best[1] / best[2],
        "same_rows": same,
    }


def cost(name: str, folder: Path, out: Path, n: int) -> dict[str, float]:
    """Core hours for a million faces in one process, as `mien analyze` runs unless it is told otherwise."""
    cores = len(os.sched_getaffinity(0))
    took = seconds(lambda: run_analyze(AnalyzeOptions((str(folder),), out=out, overwrite=True)))
    print(f"{name:28} {1000 * took / n:6.2f} ms a face")
    return {
        "faces": n,
        "ms_per_face": 1000 * took / n,
        "core_hours_per_million": MILLION * took / n / 3600 * cores,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--videos", type=int, default=8)
    parser.add_argument("--frames", type=int, default=1_500, help="of each video")
    parser.add_argument("--pictures", type=int, default=1_600)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--long-frames", type=int, default=100_000)
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    if "MIEN_TEST_DATA" not in os.environ:
        parser.error("MIEN_TEST_DATA names the data folder")
    data, figures = Path(os.environ["MIEN_TEST_DATA"]), {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        videos, photos = folder / "videos", folder / "photos"
        videos.mkdir()
        for i in range(args.videos):
            repeat_clip(data / CLIP, videos / f"{i}.mp4", args.frames)
        photographs(data, photos, args.pictures)
        out = folder / "table.csv"
        figures["cost, video"] = cost("video", videos, out, args.videos * args.frames)
        figures["cost, pictures"] = cost("pictures", photos, out, args.pictures)
        ray.init(include_dashboard=False, log_to_driver=False, logging_level="error")
        for kind, of in (("videos", videos), ("photos", photos)):
            figures[f"ray, {kind}"] = told = ray_figures(kind, of, args.rounds)
            print(f"ray, {kind}: two workers {told['ratio']:.2f} x one, same rows: {told['same_rows']}")
        ray.shutdown()
        short, long = folder / "short.mp4", folder / "long.mp4"
        repeat_clip(data / CLIP, short, 1_000)
        repeat_clip(data / CLIP, long, args.long_frames)
        told = argparse.Namespace(model="mien-base", detector="yunet")
        peaks = {n: peak_memory_mb(clip, told) for n, clip in ((1_000, short), (args.long_frames, long))}
        figures["memory, peak MB by frames"] = peaks
        print(f"memory {peaks}")
    write_report(args.out, figures)


if __name__ == "__main__":
    main()
