"""How fast `mien analyze` is beside decoding alone, and whether its memory stays flat: ratios of one run.

    python benchmarks/analyze.py --clip data/synthetic_rgbd/video/clip1_one_face.mp4 --out results.json

The clip is repeated (its packets, not re-encoded) to the number of frames that is asked for.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import av

from mien.runtime.analyze import DEFAULT_MODEL, AnalyzeOptions, run_analyze
from report import write_report

CLIP = "data/synthetic_rgbd/video/clip1_one_face.mp4"
STAGES = ("decode", "detect", "align", "infer", "write")
MOST_TIMES_DECODING = 4.0
MOST_EXTRA_MB = 30.0


def repeat_clip(clip: Path, target: Path, n_frames: int, rate_fps: int | None = None) -> None:
    """Write a clip's packets over and over until there are `n_frames`, at another rate if one is given."""
    with av.open(str(clip)) as source, av.open(str(target), "w") as out:
        video = source.streams.video[0]
        stream = out.add_stream_from_template(video)
        step = round(1 / video.average_rate / video.time_base)
        faster = 1 if rate_fps is None else video.average_rate / rate_fps
        n_written = 0
        while n_written < n_frames:
            source.seek(0)
            offset = n_written * step
            for packet in source.demux(video):
                if packet.dts is None or n_written >= n_frames:
                    continue
                packet.pts = round((packet.pts + offset) * faster)
                packet.dts = round((packet.dts + offset) * faster)
                packet.duration = round(step * faster)
                packet.stream = stream
                out.mux(packet)
                n_written += 1


def decode(clip: Path, threads: int = 0) -> tuple[float, int]:
    """Seconds to decode a clip, and its frames; 0 threads leaves PyAV's default."""
    start = time.perf_counter()
    with av.open(str(clip)) as container:
        if threads:
            container.streams.video[0].thread_count = threads
        n_frames = sum(1 for _ in container.decode(video=0))
    return time.perf_counter() - start, n_frames


def analyze(
    clip: Path, folder: Path, args: argparse.Namespace, threads: int | None = None
) -> dict[str, float]:
    """Seconds of a whole run and of its stages, and its counts."""
    out = folder / "t.csv"
    summary = run_analyze(
        AnalyzeOptions(
            (str(clip),), out=out, model=args.model, detector=args.detector, threads=threads, overwrite=True
        )
    )
    return {**summary.seconds, "frames": summary.n_frames, "faces": summary.n_faces}


def peak_memory_mb(clip: Path, args: argparse.Namespace) -> float:
    """Peak resident memory of a run in a process of its own."""
    command = [
        sys.executable,
        __file__,
        "--only-run",
        str(clip),
        "--model",
        args.model,
        "--detector",
        args.detector,
    ]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def only_run(args: argparse.Namespace) -> None:
    """Print the peak resident memory of one run, in MB."""
    with tempfile.TemporaryDirectory() as folder:
        analyze(Path(args.only_run), Path(folder), args)
    print(own_peak_mb())


def own_peak_mb() -> float:
    """Peak resident memory of this process alone; on Linux `getrusage` also counts what started it."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) / 2**10
    import resource

    unit = 2**20 if sys.platform == "darwin" else 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def measure(args: argparse.Namespace) -> dict[str, object]:
    """All figures; decoding and analysing take turns, so that a busy machine slows both."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        clip = folder / "clip.mp4"
        repeat_clip(args.clip, clip, args.frames)
        rounds = [(decode(clip)[0], analyze(clip, folder, args)) for _ in range(args.rounds)]
        best_decode = min(seconds for seconds, _ in rounds)
        best = min((run for _, run in rounds), key=lambda run: run["total"])
        figures: dict[str, object] = {
            "frames": best["frames"],
            "faces": best["faces"],
            "processors": len(os.sched_getaffinity(0)),
            "decode_alone_ms": 1000 * best_decode / args.frames,
            "analyze_ms": 1000 * best["total"] / args.frames,
            "stage_ms": {stage: 1000 * best[stage] / args.frames for stage in STAGES},
            "ratio": best["total"] / best_decode,
            "ratio_median_of_rounds": statistics.median(run["total"] / seconds for seconds, run in rounds),
        }
        figures["one_thread"] = one_thread(clip, folder, args)
        if not args.no_memory:
            few, many = folder / "few.mp4", folder / "many.mp4"
            repeat_clip(args.clip, few, 1_000)
            repeat_clip(args.clip, many, 10_000)
            figures["peak_mb_1000_frames"] = peak_memory_mb(few, args)
            figures["peak_mb_10000_frames"] = peak_memory_mb(many, args)
        return figures


def one_thread(clip: Path, folder: Path, args: argparse.Namespace) -> dict[str, object]:
    """Where the work is: with one thread no stage waits for another."""
    alone = min(decode(clip, 1)[0] for _ in range(args.rounds))
    best = min((analyze(clip, folder, args, 1) for _ in range(args.rounds)), key=lambda run: run["total"])
    return {
        "decode_alone_ms": 1000 * alone / args.frames,
        "analyze_ms": 1000 * best["total"] / args.frames,
        "stage_ms": {stage: 1000 * best[stage] / args.frames for stage in STAGES},
    }


def show(figures: dict[str, object]) -> None:
    """The figures as a table."""
    rows = [
        ("decoding alone", f"{figures['decode_alone_ms']:.2f} ms a frame"),
        ("mien analyze", f"{figures['analyze_ms']:.2f} ms a frame"),
        *((f"  of it {stage}", f"{ms:.2f} ms (threads added)") for stage, ms in figures["stage_ms"].items()),
        ("ratio, best of each", f"{figures['ratio']:.2f} (at most {MOST_TIMES_DECODING})"),
        ("ratio, median of rounds", f"{figures['ratio_median_of_rounds']:.2f}"),
    ]
    one = figures["one_thread"]
    rows += [
        ("one thread, decoding alone", f"{one['decode_alone_ms']:.2f} ms a frame"),
        ("one thread, mien analyze", f"{one['analyze_ms']:.2f} ms a frame"),
        *((f"  of it {stage}", f"{ms:.2f} ms") for stage, ms in one["stage_ms"].items()),
    ]
    if "peak_mb_10000_frames" in figures:
        few, many = figures["peak_mb_1000_frames"], figures["peak_mb_10000_frames"]
        rows += [
            ("peak memory, 1,000 frames", f"{few:.0f} MB"),
            (
                "peak memory, 10,000 frames",
                f"{many:.0f} MB ({many - few:+.0f}, at most +{MOST_EXTRA_MB:.0f})",
            ),
        ]
    print(f"{figures['frames']:,} frames, {figures['faces']:,} faces, {figures['processors']} processors")
    for name, value in rows:
        print(f"{name:28} {value}")


def main() -> None:
    data = os.environ.get("MIEN_TEST_DATA")
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--clip", type=Path, default=Path(data, CLIP) if data else None, help="a one-face clip"
    )
    parser.add_argument("--frames", type=int, default=2_500)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--model", default=DEFAULT_MODEL)
    parser.add_argument("--detector", default="yunet")
    parser.add_argument("--no-memory", action="store_true", help="leave the two memory runs out")
    parser.add_argument("--out", type=Path, help="write the figures as json")
    parser.add_argument("--only-run", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.only_run:
        only_run(args)
        return
    if args.clip is None:
        parser.error("--clip is needed where MIEN_TEST_DATA is not set")
    figures = measure(args)
    show(figures)
    write_report(args.out, figures)


if __name__ == "__main__":
    main()
