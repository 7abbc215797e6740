"""How fast `mien data prepare` reads, searches and aligns, and the memory that a million rows take.

    python benchmarks/prepare.py --out results.json

The data are those of the folder that MIEN_TEST_DATA names. FER2013's faces (48 x 48 px) are searched although
the set comes as crops; the photographs are those of the Face Research Lab London Set on canvases of 640 x 480
px, as jpg. Every face found is also cut out at 224 px. Figures are per second on the processors there are,
beside one thread. The million rows are a made csv over a thousand little pictures, each known by a thousand
names.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import runpy
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from mien.core.records import ImageArray, Sample
from mien.core.specs import AlignSpec, InputSpec
from mien.data.crops import cropper_for
from mien.data.datasets import FaceDataset, load_dataset
from mien.data.parallel import mapped_chunks, processors
from mien.data.prepare import prepare, prepare_dataset
from report import write_report

POINTS = ((0.309, 0.386), (0.691, 0.386), (0.5, 0.584), (0.344, 0.747), (0.656, 0.747))
CROP = InputSpec(
    size_px=224, channels="rgb", mean=(0.5,) * 3, std=(0.25,) * 3, align=AlignSpec(points=POINTS)
)
N_NAMES = 1000  # of each little picture


def fer2013(folder: Path, n: int) -> FaceDataset:
    """The first n faces of FER2013."""
    data = Path(os.environ["MIEN_TEST_DATA"]) / "data" / "fer2013"
    runpy.run_path(str(data / "unpack.py"))["main"](folder)
    whole = load_dataset("fer2013", folder)
    return FaceDataset(whole.info, folder, whole.samples[:n], whole.labels)


def photographs(folder: Path, n: int) -> FaceDataset:
    """n photographs of 640 x 480 px, no two alike, a folder for each expression."""
    source = Path(os.environ["MIEN_TEST_DATA"]) / "data" / "faces_london"
    paths = sorted(source.glob("*/*.jpg"))
    rng = np.random.default_rng(0)
    for i in range(n):
        path = paths[i % len(paths)]
        target = folder / {"neutral": "neutral", "smiling": "happy"}[path.parent.name] / f"{i:05d}.jpg"
        target.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(target), on_canvas(cv2.imread(str(path)), rng), [cv2.IMWRITE_JPEG_QUALITY, 92])
    return load_dataset("folder", folder)


def on_canvas(photo: ImageArray, rng: np.random.Generator) -> ImageArray:
    """A photograph, as high as the canvas, at some place on a blurred copy of itself."""
    canvas = cv2.GaussianBlur(cv2.resize(photo, (640, 480)), (0, 0), 12)
    side = int(rng.integers(300, 480))
    wide = min(640, round(photo.shape[1] * side / photo.shape[0]))
    top, left = int(rng.integers(0, 481 - side)), int(rng.integers(0, 641 - wide))
    canvas[top : top + side, left : left + wide] = cv2.resize(
        photo, (wide, side), interpolation=cv2.INTER_AREA
    )
    return canvas


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def rates(dataset: FaceDataset, n_threads: int) -> dict[str, float]:
    """Samples a second: indexed and searched for the first time; again; and cut out as training does."""
    with tempfile.TemporaryDirectory() as cache:
        os.environ["MIEN_CACHE"] = cache
        first, again = (
            seconds(lambda: prepare_dataset(dataset, faces="find", n_threads=n_threads)) for _ in range(2)
        )
        cropper = cropper_for(dataset, CROP, "find")

        def cut(samples: list[Sample]) -> list[bool]:
            return [cropper(sample)[1] for sample in samples]

        found: list[bool] = []
        aligned = seconds(lambda: found.extend(mapped_chunks(cut, dataset.samples, n_threads)))
        n = len(dataset.samples)
        return {
            "index_and_search": n / first,
            "index_again": n / again,
            "align": n / aligned,
            "index_search_and_align": n / (first + aligned),
            "found": sum(found) / n,
        }


def million_rows(folder: Path, n: int) -> None:
    """A csv of n rows: a thousand pictures below a thousand links to their folder."""
    pictures = folder / "pictures"
    pictures.mkdir()
    rng = np.random.default_rng(0)
    for i in range(n // N_NAMES):
        cv2.imwrite(str(pictures / f"{i:05d}.png"), rng.integers(0, 256, (16, 16), dtype=np.uint8))
    for link in range(N_NAMES):
        (folder / f"link{link:04d}").symlink_to(pictures)
    with (folder / "labels.csv").open("w", encoding="utf-8") as handle:
        handle.write("image,label,split,subject\n")
        for link in range(N_NAMES):
            for i in range(n // N_NAMES):
                label, split = ("happy", "sad", "angry")[i % 3], ("train", "test")[i % 5 == 0]
                handle.write(f"link{link:04d}/{i:05d}.png,{label},{split},subject{i % 100}\n")


def only_rows(n: int) -> None:
    """Prepare a made set of n rows and print what it took."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["MIEN_CACHE"] = str(folder / "cache")
        (folder / "set").mkdir()
        million_rows(folder / "set", n)
        before = peak_mb()
        took = seconds(lambda: prepare("csv", folder / "set", faces="ready"))
    print(json.dumps({"rows": n, "peak_mb": peak_mb(), "peak_mb_before": before, "rows_per_s": n / took}))


def peak_mb() -> float:
    """Peak resident memory of this process; what getrusage says may be its parent's."""
    status = Path("/proc/self/status")
    if status.is_file():
        return int(status.read_text().split("VmHWM:")[1].split()[0]) / 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


def rows_apart(n: int) -> dict[str, float]:
    """`only_rows` in a process of its own, so that nothing else counts."""
    command = [sys.executable, __file__, "--only-rows", str(n)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return dict(json.loads(done.stdout))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--faces", type=int, default=2000, help="faces of FER2013")
    parser.add_argument("--photographs", type=int, default=300)
    parser.add_argument("--rows", type=int, default=1_000_000, help="of the made csv; 0 leaves it out")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--only-rows", type=int)
    args = parser.parse_args()
    if args.only_rows:
        only_rows(args.only_rows)
        return
    figures: dict[str, object] = {"processors": processors()}
    with tempfile.TemporaryDirectory() as name:
        sets = {
            "FER2013 faces": fer2013(Path(name) / "fer", args.faces) if args.faces else None,
            "photographs": photographs(Path(name) / "photographs", args.photographs),
        }
        for title, dataset in sets.items():
            if dataset is None:
                continue
            for n_threads in sorted({1, processors()}):
                row = rates(dataset, n_threads)
                figures[f"{title}, {n_threads} threads"] = row
                print(f"{title}, {n_threads} threads:", {key: round(v, 3) for key, v in row.items()})
    if args.rows:
        figures["rows"] = rows_apart(args.rows)
        print("made csv:", figures["rows"])
    write_report(args.out, figures)


if __name__ == "__main__":
    main()
