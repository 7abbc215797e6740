"""Made-up photographs and scans, and real FER2013 unpacked once a session for tests marked ``data``."""

from __future__ import annotations

import os
import runpy
import struct
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import pytest


@pytest.fixture(scope="session")
def photograph() -> Callable[..., np.ndarray]:
    """Seed, side -> grey [side, side] texture like photographs: strong shapes, weaker detail."""

    def make(seed: int, side: int = 64) -> np.ndarray:
        rng = np.random.default_rng(seed)
        layers = [
            cv2.GaussianBlur(rng.normal(size=(side, side)), (0, 0), s) * s**1.5 for s in (0.7, 1.5, 3, 6, 12)
        ]
        image = np.sum(layers, axis=0)
        return ((image - image.min()) / np.ptp(image) * 200 + 20).astype(np.uint8)

    return make


@pytest.fixture(scope="session")
def fer2013_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with ``fer2013.csv`` (Training and PublicTest) and ``fer2013new.csv``."""
    data = os.environ.get("MIEN_TEST_DATA")
    if not data:
        pytest.skip("MIEN_TEST_DATA is not set")
    packed = Path(data) / "data" / "fer2013"
    if not (packed / "fer2013_train_public.zip").is_file():
        pytest.skip(f"no packed FER2013 in {packed}")
    folder = tmp_path_factory.mktemp("fer2013")
    runpy.run_path(str(packed / "unpack.py"))["main"](folder)
    return folder


class Bump(NamedTuple):
    """A face of sorts: a grid with a hill in its middle, higher on its right, flat at the rim."""

    points: np.ndarray  # [rows, columns, 3], top row first
    faces: np.ndarray  # [F, 3]

    @property
    def vertices(self) -> np.ndarray:
        return self.points.reshape(-1, 3)

    def wrl(self, uv: np.ndarray | None = None, texture: str = "bump.png") -> str:
        """VRML 2 as BU-3DFE has it: one shape, texture coordinates with an index of their own."""
        lines = ["#VRML V2.0 utf8", "Shape { appearance Appearance {"]
        if uv is not None:
            lines.append(f'texture ImageTexture {{ url "{texture}" }}')
        lines += ["}", "geometry IndexedFaceSet {", "coord Coordinate { point ["]
        lines += [f"{x:.6f} {y:.6f} {z:.6f}," for x, y, z in self.vertices]
        lines += ["] }", "coordIndex [", *(f"{a}, {b}, {c}, -1," for a, b, c in self.faces), "]"]
        if uv is not None:
            lines += ["texCoord TextureCoordinate { point [", *(f"{u:.8f} {v:.8f}," for u, v in uv), "] }"]
            lines += ["texCoordIndex [", *(f"{a}, {b}, {c}, -1," for a, b, c in self.faces), "]"]
        return "\n".join([*lines, "} }", "DEF Front Viewpoint { position 0 0 500 }"]) + "\n"

    def bnt(self, places: np.ndarray, hole: np.ndarray, picture: str = "bump") -> bytes:
        """A Bosphorus grid: bottom row first, five planes; `hole` [rows, columns] is background."""
        rows, columns = hole.shape
        planes = np.concatenate([self.points, places], axis=2)
        planes[hole] = -1e9
        name = picture.encode()
        header = struct.pack("<HHdH", rows, columns, -1e9, len(name)) + name
        body = np.moveaxis(planes[::-1], -1, 0).astype("<f8").tobytes()
        return header + struct.pack("<I", 5 * rows * columns) + body


@pytest.fixture(scope="session")
def bump() -> Bump:
    x, y = np.meshgrid(np.linspace(-60, 60, 41), np.linspace(80, -80, 53))
    z = 45 * np.exp(-(x**2 + y**2) / 2 / 28**2) + 12 * np.exp(-((x - 30) ** 2 + y**2) / 2 / 12**2)
    place = np.arange(x.size).reshape(x.shape)
    a, b, c, d = place[:-1, :-1], place[:-1, 1:], place[1:, :-1], place[1:, 1:]
    faces = np.concatenate([np.stack([a, c, b], -1).reshape(-1, 3), np.stack([b, c, d], -1).reshape(-1, 3)])
    return Bump(np.stack([x, y, z], axis=-1), faces)
