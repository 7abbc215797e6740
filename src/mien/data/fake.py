"""Tiny look-alikes of the data sets in their official formats: drawn faces, learnt in seconds.

The same adapter reads the real set and its look-alike, so tests need nobody's data. A face's mouth, brows
and eyes follow its emotion; its place, size, tilt, tone and noise are random.
"""

from __future__ import annotations

import csv
import gzip
import importlib
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import astuple, dataclass
from pathlib import Path

import cv2
import numpy as np

from mien.core.errors import MienError
from mien.core.labels import BASIC7, COMPOUND11
from mien.core.records import ImageArray
from mien.core.registry import Registry
from mien.data.datasets import fer2013, synthetic_rgbd
from mien.data.datasets._votes import COLUMNS as VOTE_COLUMNS
from mien.data.datasets._votes import VOTES_FILE

Writer = Callable[[Path, int, np.random.Generator], None]
FAKES: Registry[Writer] = Registry("fake data set")


def write_fake(name: str, folder: Path, n_per_class: int = 8, seed: int = 0) -> Path:
    """Write a look-alike of a data set.

    Args:
        name: Registry name of the data set; forms of one set have names of their own: ``fer2013`` (csv with
            FER+ votes beside it, also as ``ferplus``), ``fer2013-gz``, ``fer2013-folder``, ``folder``,
            ``csv``. ``synthetic-rgbd`` holds one face of each emotion a person, with depth.
        folder: Where to; made if missing. It is the set's ``--data-root``.
        n_per_class: Faces (or sequences, in sets of sequences) of each emotion in the training split; other
            splits have half as many, at least 2.
        seed: Same seed, same files.

    Returns:
        `folder`.

    Raises:
        MienError: There is no look-alike of that name, or no faces were asked for.
    """
    if n_per_class < 1:
        raise MienError(f"n_per_class must be at least 1, got {n_per_class}")
    importlib.import_module("mien.data.fakes")  # those of the official sets register themselves
    folder.mkdir(parents=True, exist_ok=True)
    FAKES[name](folder, n_per_class, np.random.default_rng(seed))
    return folder


@dataclass(frozen=True)
class Features:
    """How an emotion is drawn; lengths relative to the face's half width.

    Attributes:
        smile: How far the corners of the mouth rise; negative hangs.
        gape: Half height of the open mouth.
        mouth: Half width of the mouth.
        brow: Height of the brows above the eyes.
        frown: How far the inner ends of the brows lie below the outer ones.
        eye: Half height of the eyes.
        nose: Length of the wrinkles beside the nose.
    """

    smile: float
    gape: float
    mouth: float
    brow: float
    frown: float
    eye: float
    nose: float = 0.0


FEATURES = {
    "anger": Features(-0.05, 0.0, 0.32, 0.16, 0.16, 0.09),
    "disgust": Features(-0.15, 0.05, 0.30, 0.16, 0.08, 0.05, nose=0.22),
    "fear": Features(-0.10, 0.12, 0.30, 0.36, -0.14, 0.19),
    "happiness": Features(0.22, 0.08, 0.48, 0.28, 0.0, 0.08),
    "neutral": Features(0.0, 0.0, 0.36, 0.26, 0.0, 0.12),
    "sadness": Features(-0.20, 0.0, 0.34, 0.26, -0.16, 0.09),
    "surprise": Features(0.0, 0.26, 0.20, 0.42, 0.0, 0.20),
}


def draw_face(emotion: str, rng: np.random.Generator, side_px: int = 48) -> ImageArray:
    """One drawn face, grey uint8 [side_px, side_px].

    Args:
        emotion: A name of BASIC7.
        rng: Source of all that differs between two faces of one emotion.
        side_px: Side of the picture.
    """
    return draw_features(FEATURES[emotion], rng, side_px)


def draw_features(how: Features, rng: np.random.Generator, side_px: int = 48) -> ImageArray:
    """As `draw_face`, for any features."""
    scale = 4  # drawn four times as large, then reduced, for soft edges
    side = side_px * scale
    skin, ground = rng.uniform(130, 220), rng.uniform(20, 110)
    dark, line = skin * rng.uniform(0.15, 0.35), max(1, round(side * 0.022))
    canvas = np.full((side, side), ground, np.float32)
    unit = side * 0.36 * rng.uniform(0.9, 1.1)
    centre = side / 2 + rng.uniform(-0.04, 0.04, 2) * side
    tilt = np.deg2rad(rng.uniform(-8, 8))
    turn = np.array([[np.cos(tilt), -np.sin(tilt)], [np.sin(tilt), np.cos(tilt)]])

    def at(points: list[tuple[float, float]]) -> np.ndarray:
        wobble = rng.normal(0, 0.012, (len(points), 2))
        return np.rint((np.array(points) + wobble) @ turn.T * unit + centre).astype(np.int32)

    def oval(x: float, y: float, rx: float, ry: float, tone: float) -> None:
        (place,) = at([(x, y)])
        axes = (max(1, round(rx * unit)), max(1, round(ry * unit)))
        cv2.ellipse(canvas, tuple(map(int, place)), axes, float(np.rad2deg(tilt)), 0, 360, tone, -1)

    def stroke(*points: tuple[float, float]) -> None:
        cv2.polylines(canvas, [at(list(points))], False, dark, line)

    oval(0, 0, 1.0, 1.25, skin)
    for x in (-0.42, 0.42):
        oval(x, -0.25, 0.15, how.eye, dark)
        inner, outer = 0.22 * np.sign(x), 0.62 * np.sign(x)
        stroke((inner, -0.25 - how.brow + how.frown), (outer, -0.25 - how.brow))
        if how.nose:
            stroke((inner, 0.05), (inner * 1.8, 0.05 + how.nose))
    stroke((0, -0.1), (0.08, 0.25), (-0.04, 0.27))
    if how.gape:
        oval(0, 0.62, how.mouth * 0.8, how.gape, dark)
    bow = [(x, 0.62 + how.smile * (0.5 - (x / how.mouth) ** 2)) for x in how.mouth * np.linspace(-1, 1, 9)]
    stroke(*bow)
    face = cv2.resize(canvas, (side_px, side_px), interpolation=cv2.INTER_AREA)
    return np.clip(face + rng.normal(0, 6, face.shape), 0, 255).astype(np.uint8)


def _faces(
    splits: tuple[str, ...], n_per_class: int, rng: np.random.Generator
) -> Iterator[tuple[str, str, ImageArray]]:
    """(split, emotion, picture), shuffled within a split; the first split is the training split."""
    for split in splits:
        n = n_per_class if split == splits[0] else max(2, n_per_class // 2)
        emotions = list(BASIC7.names) * n
        rng.shuffle(emotions)
        for emotion in emotions:
            yield split, emotion, draw_face(emotion, rng)


def _write_csv(handle: io.TextIOBase, rows: list[list[object]]) -> None:
    csv.writer(handle, lineterminator="\n").writerows(rows)


def _fer2013_rows(faces: list[tuple[str, str, ImageArray]]) -> list[list[object]]:
    rows: list[list[object]] = [list(fer2013.COLUMNS)]
    for split, emotion, image in faces:
        rows.append([fer2013.NATIVE.index(emotion), " ".join(map(str, image.ravel())), split])
    return rows


@FAKES.register("fer2013")
@FAKES.register("ferplus")
def _fer2013(folder: Path, n_per_class: int, rng: np.random.Generator) -> None:
    faces = list(_faces(tuple(fer2013.SPLITS), n_per_class, rng))
    with (folder / "fer2013.csv").open("w", encoding="utf-8", newline="") as handle:
        _write_csv(handle, _fer2013_rows(faces))
    votes: list[list[object]] = [["Usage", "Image name", *VOTE_COLUMNS]]
    for i, (split, emotion, _) in enumerate(faces):
        counts = np.zeros(len(VOTE_COLUMNS), int)
        agreed = int(rng.integers(6, 11))
        counts[VOTE_COLUMNS.index(emotion)] = agreed
        np.add.at(counts, rng.integers(0, len(VOTE_COLUMNS), 10 - agreed), 1)
        votes.append([split, f"fer{i:07d}.png", *counts])
    with (folder / VOTES_FILE).open("w", encoding="utf-8", newline="") as handle:
        _write_csv(handle, votes)


@FAKES.register("fer2013-gz")
def _fer2013_gz(folder: Path, n_per_class: int, rng: np.random.Generator) -> None:
    text = io.StringIO()
    _write_csv(text, _fer2013_rows(list(_faces(tuple(fer2013.SPLITS), n_per_class, rng))))
    (folder / "fer2013.csv.gz").write_bytes(gzip.compress(text.getvalue().encode(), mtime=0))


FOLDER_CLASSES = {
    "anger": "angry",
    "disgust": "disgust",
    "fear": "fear",
    "happiness": "happy",
    "neutral": "neutral",
    "sadness": "sad",
    "surprise": "surprise",
}


def _write_tree(folder: Path, faces: Iterator[tuple[str, str, ImageArray]]) -> list[tuple[str, str, str]]:
    """One PNG per face in ``<split>/<class>/``; gives (relative path, class, split) of each."""
    written = []
    for i, (split, emotion, image) in enumerate(faces):
        name = f"{split}/{FOLDER_CLASSES[emotion]}/{i:05d}.png"
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(cv2.imencode(".png", image)[1].tobytes())
        written.append((name, FOLDER_CLASSES[emotion], split))
    return written


@FAKES.register("fer2013-folder")
def _fer2013_folder(folder: Path, n_per_class: int, rng: np.random.Generator) -> None:
    _write_tree(folder, _faces(tuple(fer2013.FOLDER_SPLITS), n_per_class, rng))


@FAKES.register("folder")
def _folder(folder: Path, n_per_class: int, rng: np.random.Generator) -> None:
    _write_tree(folder, _faces(("train", "val", "test"), n_per_class, rng))


@FAKES.register("csv")
def _csv(folder: Path, n_per_class: int, rng: np.random.Generator) -> None:
    """Subjects never stand in two splits; soft labels are ten votes, at least six of them for the label."""
    rows: list[list[object]] = [["image", "label", "split", "subject", *BASIC7.names]]
    for i, (name, label, split) in enumerate(
        _write_tree(folder, _faces(("train", "val", "test"), n_per_class, rng))
    ):
        agreed = int(rng.integers(6, 11))
        votes = rng.multinomial(10 - agreed, np.full(len(BASIC7), 1 / len(BASIC7)))
        votes[list(FOLDER_CLASSES.values()).index(label)] += agreed
        rows.append([name, label, split, f"{split}{i % 4}", *votes])
    with (folder / "labels.csv").open("w", encoding="utf-8", newline="") as handle:
        _write_csv(handle, rows)


def components(label: str) -> tuple[str, ...]:
    """The basic emotions of a basic or compound label; none of ``neutral``."""
    by_stem = {name[:3]: name for name in BASIC7.names if name != "neutral"}
    return tuple(by_stem[part[:3]] for part in label.split("_") if part != "neutral")


def _blend(emotions: tuple[str, ...]) -> Features:
    """The mean of their features."""
    return Features(*np.mean([astuple(FEATURES[emotion]) for emotion in emotions], axis=0).tolist())


def fake_depth(grey: ImageArray, rng: np.random.Generator) -> np.ndarray:
    """A dome of 0.1 mm steps with the drawing's dark lines as dents of up to 8 mm, and holes."""
    y, x = (np.mgrid[: grey.shape[0], : grey.shape[1]] + 0.5) / grey.shape[0] * 2 - 1
    radius = np.hypot(x / 0.72, y / 0.9)
    height_mm = 60 * np.sqrt(np.clip(1 - radius**2, 0, 1)) + grey / 255 * 8
    depth = np.rint((rng.uniform(580, 620) - height_mm + rng.normal(0, 0.5, grey.shape)) * 10)
    return np.where((radius < 1) & (rng.random(grey.shape) > 0.02), depth, 0).astype(np.uint16)


def fake_landmarks(side_px: int) -> np.ndarray:
    """68 points of a face that looks straight ahead, as `draw_features` places it on the average."""
    around = np.linspace(0, 2 * np.pi, 13)[:-1]

    def oval(x: float, y: float, rx: float, ry: float, angles: np.ndarray) -> np.ndarray:
        return np.stack([x + rx * np.cos(angles), y + ry * np.sin(angles)], axis=1)

    parts = [
        oval(0, 0, 1, 1.25, np.linspace(np.pi, 0, 17)),  # the jaw, from the picture's left
        oval(-0.42, -0.4, 0.2, 0.1, np.linspace(np.pi, 2 * np.pi, 5)),
        oval(0.42, -0.4, 0.2, 0.1, np.linspace(np.pi, 2 * np.pi, 5)),
        np.stack([np.zeros(4), np.linspace(-0.2, 0.25, 4)], axis=1),
        oval(0, 0.27, 0.15, 0.05, np.linspace(np.pi, 0, 5)),
        oval(-0.42, -0.25, 0.15, 0.1, around[::2] + np.pi),
        oval(0.42, -0.25, 0.15, 0.1, around[::2] + np.pi),
        oval(0, 0.62, 0.36, 0.1, around + np.pi),
        oval(0, 0.62, 0.3, 0.05, around[:8] + np.pi),
    ]
    return (np.concatenate(parts) * side_px * 0.36 + side_px / 2).astype(np.float16)


@FAKES.register("synthetic-rgbd")
@FAKES.register("synthetic-rgbd-compound")
def _synthetic_rgbd(folder: Path, n_per_class: int, rng: np.random.Generator) -> None:
    held_out = synthetic_rgbd.ONE_IN - 1
    n_people = max(synthetic_rgbd.ONE_IN, n_per_class + n_per_class // held_out)
    rows: list[list[object]] = []
    for person in range(n_people):
        for label in (*BASIC7.names, *COMPOUND11.names):
            kind = "basic" if label in BASIC7.names else "compound"
            intensity = 0.0 if label == "neutral" else 1.0
            subject, name = f"L{person + 1:03d}", f"{label}_100" if kind == "basic" and intensity else label
            grey = draw_features(_blend(components(label) or ("neutral",)), rng)
            tint = rng.uniform(0.7, 1.0, 3)
            files = [f"rgb/{subject}/{name}.webp", f"depth/{subject}/{name}.png"]
            for file, image in zip(files, (grey[..., None] * tint, fake_depth(grey, rng)), strict=True):
                path = folder / file
                path.parent.mkdir(parents=True, exist_ok=True)
                image = image if image.dtype == np.uint16 else image.astype(np.uint8)
                path.write_bytes(cv2.imencode(path.suffix, image)[1].tobytes())
            about = [("female", "male")[person % 2], 18 + 5 * person, ("white", "asian", "black")[person % 3]]
            rows.append([*files, subject, *about, kind, label, "+".join(components(label)), intensity])
    header = [
        "file",
        "depth",
        "subject",
        "gender",
        "age",
        "ethnicity",
        "kind",
        "label",
        "components",
        "intensity",
    ]
    with (folder / synthetic_rgbd.INDEX).open("w", encoding="utf-8", newline="") as handle:
        _write_csv(handle, [header, *rows])
    camera = {"model": "pinhole", "width": 48, "height": 48, "depth_unit_mm": 0.1, "depth_no_data": 0}
    (folder / synthetic_rgbd.CAMERA).write_text(json.dumps(camera), encoding="utf-8")
    points = np.repeat(fake_landmarks(48)[None], len(rows), axis=0)
    np.savez(folder / synthetic_rgbd.LANDMARKS, files=np.array([row[0] for row in rows]), xy=points)
