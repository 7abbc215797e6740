"""Drawn faces for the look-alikes: of any label, in colour, and in a larger picture."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import astuple
from pathlib import Path

import av
import cv2
import numpy as np

from mien.core.labels import COMPOUND11
from mien.core.records import ImageArray
from mien.data.fake import FEATURES, Features, components, draw_features

SIDE_PX = 48
CONTEMPT = Features(smile=0.10, gape=0.0, mouth=0.28, brow=0.22, frown=0.05, eye=0.06)
OTHERS = {"embarrassment": "happiness", "pain": "disgust", "smile": "happiness", "grin": "happiness"}
"""What is drawn for labels that are no emotion; neutral for all others."""


def drawn(label: str, rng: np.random.Generator) -> ImageArray:
    """A face in colour, uint8 [SIDE_PX, SIDE_PX, 3], of a basic emotion (or contempt) or a compound one.

    Any other label is drawn as OTHERS says.
    """
    if label == "contempt":
        how = CONTEMPT
    else:
        known = label in FEATURES or label in COMPOUND11.names
        parts = components(label if known else OTHERS.get(label, "neutral"))
        parts = [astuple(FEATURES[part]) for part in parts or ("neutral",)]
        how = Features(*np.mean(parts, axis=0).tolist())
    tint = rng.uniform(0.7, 1.0, 3)
    return (draw_features(how, rng, SIDE_PX)[..., None] * tint).astype(np.uint8)


def shuffled(
    labels: Sequence[str], n_per_class: dict[str, int], rng: np.random.Generator
) -> Iterator[tuple[str, str]]:
    """(split, label), each label as often as its split says, shuffled within a split."""
    for split, n in n_per_class.items():
        chosen = list(labels) * n
        rng.shuffle(chosen)
        for label in chosen:
            yield split, label


def smaller(n_per_class: int) -> int:
    """How many faces of each class the other splits have."""
    return max(2, n_per_class // 2)


def scene(faces: Sequence[ImageArray], rng: np.random.Generator) -> tuple[ImageArray, list[tuple[int, int]]]:
    """A picture with faces side by side before a plain ground; also (left, top) of each in pixels."""
    height, width = SIDE_PX + 16, (SIDE_PX + 16) * len(faces)
    picture = np.full((height, width, 3), rng.integers(20, 110), np.uint8)
    places = []
    for i, face in enumerate(faces):
        left, top = (SIDE_PX + 16) * i + int(rng.integers(0, 17)), int(rng.integers(0, 17))
        picture[top : top + SIDE_PX, left : left + SIDE_PX] = face
        places.append((left, top))
    return picture, places


def save(path: Path, picture: ImageArray) -> None:
    """Write an RGB or grey picture in the format of the file's ending; folders are made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    stored = picture if picture.ndim == 2 else cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)
    path.write_bytes(cv2.imencode(path.suffix, stored)[1].tobytes())


def save_video(path: Path, pictures: Sequence[ImageArray]) -> None:
    """Write RGB pictures of one size as the frames of a video; folders are made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    height, width = pictures[0].shape[:2]
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.bit_rate = 2_000_000
        for picture in pictures:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())


def rise_and_fall(label: str, rng: np.random.Generator) -> list[ImageArray]:
    """Frames from neutral to the label and back: as many neutral ones before as after, five of the label."""
    n_neutral = int(rng.integers(2, 5))
    labels = ["neutral"] * n_neutral + [label] * 5 + ["neutral"] * n_neutral
    return [scene([drawn(one, rng)], rng)[0] for one in labels]


def write_text(path: Path, lines: Sequence[str]) -> None:
    """Write lines of text; folders are made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
