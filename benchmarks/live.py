"""How fast `mien live` is, frame to overlay, on a one-face clip: with a window, without, and paced.

    python benchmarks/live.py --clip data/synthetic_rgbd/video/clip1_one_face.mp4 --out results.json

The window is SDL's dummy: everything is drawn, nothing is shown. Without pacing each frame is analysed; the
window shows the newest result.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path

from analyze import CLIP, repeat_clip

from mien.runtime.live.options import LiveOptions
from mien.runtime.live.run import Judge, load_judge, run_live
from report import write_report

LEAST_FPS = 30.0
MOST_P95_MS = 80.0
PACED_FPS = 30


def measure(clip: Path, judge: Judge, **how: object) -> dict[str, float]:
    """Frames a second of a run from its first frame to its last, and frame-to-overlay percentiles."""
    in_window = bool(how.pop("in_window"))
    begun = time.perf_counter()
    told = run_live(LiveOptions(str(clip), **how), judge=judge, in_window=in_window)
    seconds = time.perf_counter() - begun
    p50, p95, p99 = told.latency_ms
    return {
        "analysed_fps": told.n_frames / seconds,
        "shown_fps": told.rate_fps,
        "frames": told.n_frames,
        "shown": told.n_shown,
        "dropped": told.n_dropped,
        "p50_ms": p50,
        "p95_ms": p95,
        "p99_ms": p99,
    }


def run(args: argparse.Namespace) -> dict[str, dict[str, float]]:
    """All runs, one after the other, with one model; the first is thrown away."""
    os.environ["SDL_VIDEODRIVER"] = "dummy"
    judge = load_judge(LiveOptions(model=args.model, detector=args.detector))
    figures = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        warm, clip, paced = folder / "warm.mp4", folder / "clip.mp4", folder / "paced.mp4"
        repeat_clip(args.clip, warm, 50)
        repeat_clip(args.clip, clip, args.frames)
        repeat_clip(args.clip, paced, PACED_FPS * args.paced_seconds, PACED_FPS)
        measure(warm, judge, in_window=True, paced=False)
        figures["headless, no pacing"] = measure(clip, judge, in_window=False, paced=False)
        figures["window, no pacing"] = measure(clip, judge, in_window=True, paced=False)
        figures["window, no pacing, recorded"] = measure(
            clip,
            judge,
            in_window=True,
            paced=False,
            record=folder / "t.csv",
            record_video=folder / "v.mp4",
        )
        figures["headless, 30 a second"] = measure(paced, judge, in_window=False)
        figures["window, 30 a second"] = measure(paced, judge, in_window=True)
    return figures


def show(figures: dict[str, dict[str, float]]) -> None:
    """The figures as a table."""
    print(f"{'':30}{'analysed/s':>11}{'shown/s':>9}{'dropped':>9}{'p50':>7}{'p95':>7}{'p99':>7}  ms")
    for name, row in figures.items():
        print(
            f"{name:30}{row['analysed_fps']:11.1f}{row['shown_fps']:9.1f}{row['dropped']:9.0f}"
            f"{row['p50_ms']:7.0f}{row['p95_ms']:7.0f}{row['p99_ms']:7.0f}"
        )
    window = figures["window, no pacing"]
    print(
        f"window without pacing: {min(window['analysed_fps'], window['shown_fps']):.0f} frames/s end to end "
        f"(at least {LEAST_FPS:.0f}), 95 % within {window['p95_ms']:.0f} ms (at most {MOST_P95_MS:.0f})"
    )


def main() -> None:
    data = os.environ.get("MIEN_TEST_DATA")
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--clip", type=Path, default=Path(data, CLIP) if data else None, help="a one-face clip"
    )
    parser.add_argument("--frames", type=int, default=1_000)
    parser.add_argument("--paced-seconds", type=int, default=15)
    parser.add_argument("--model", default="mien-base")
    parser.add_argument("--detector", default="yunet")
    parser.add_argument("--out", type=Path, help="write the figures as json")
    args = parser.parse_args()
    if args.clip is None:
        parser.error("--clip is needed where MIEN_TEST_DATA is not set")
    figures = run(args)
    show(figures)
    write_report(args.out, figures)


if __name__ == "__main__":
    main()
