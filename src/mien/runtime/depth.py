"""Depth pictures beside colour pictures, for models that see both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from mien.core.errors import InputError, MienError
from mien.core.records import Plane
from mien.core.specs import ModelSpec
from mien.faces.depth import in_millimetres
from mien.runtime.pictures import check_header, read_bytes

SUFFIXES = (".png", ".tif", ".tiff")


@dataclass(frozen=True)
class DepthFolder:
    """A folder with the depth of pictures, under their names: ``photos/a/1.jpg`` and ``DIR/a/1.png``.

    Attributes:
        folder: Below it the depth pictures lie, 16-bit grey, as large as their picture as displayed; 0 is not
            measured.
        unit_mm: One step in millimetres.

    Raises:
        MienError: There is no such folder, or the unit is not above 0.
    """

    folder: Path
    unit_mm: float = 1.0

    def __post_init__(self) -> None:
        if not self.folder.is_dir():
            raise MienError(f"--depth {self.folder}: there is no such folder of depth pictures")
        if not self.unit_mm > 0:
            raise MienError(f"--depth-unit is one step of depth in millimetres, above 0; got {self.unit_mm}")

    def find(self, picture: Path) -> Path | None:
        """The depth picture that shares the longest end of a picture's path; None where there is none."""
        parts = picture.with_suffix("").parts
        for start in range(len(parts)):
            wanted = self.folder.joinpath(*(part for part in parts[start:] if part not in ("..", "/")))
            for suffix in SUFFIXES:
                found = wanted.with_name(wanted.name + suffix)
                if found.is_file():
                    return found
        return None

    def read(self, picture: Path) -> Plane | None:
        """A picture's depth in millimetres; None where there is none.

        Raises:
            InputError: It cannot be read or is no 16-bit grey picture.
        """
        found = self.find(picture)
        return None if found is None else read_depth_picture(found, self.unit_mm)


def read_depth_picture(path: Path, unit_mm: float = 1.0) -> Plane:
    """A depth picture in millimetres, [H, W].

    Raises:
        InputError: It cannot be read or is no 16-bit grey picture.
    """
    try:
        return decode_depth(read_bytes(path), unit_mm)
    except InputError as error:
        raise InputError(f"its depth {path}: {error}") from error


def decode_depth(data: bytes, unit_mm: float = 1.0) -> Plane:
    """The bytes of a depth picture in millimetres, [H, W].

    Raises:
        InputError: They are no 16-bit grey picture.
    """
    check_header(data)
    try:
        steps = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    except (cv2.error, MemoryError) as error:
        raise InputError("damaged: it cannot be decoded") from error
    if steps is None:
        raise InputError("damaged or truncated: it cannot be decoded")
    return in_millimetres(steps, unit_mm)


def depth_reader(spec: ModelSpec, depth: DepthFolder | None) -> Callable[[Path | None], Plane | None] | None:
    """How a model comes by the depth of pictures; None where it sees none.

    Args:
        spec: The model.
        depth: Where depth lies; None: nowhere.

    Returns:
        Takes a picture's path, or None for a frame of a video, which has no depth; raises InputError where a
        model that cannot do without depth finds none.

    Raises:
        MienError: The model needs depth and there is nowhere to look for it.
    """
    if spec.input.channels != "rgbd":
        return None
    if depth is None:
        if not spec.depth_optional:
            raise MienError(
                f"{spec.name} sees colour and depth and was not trained to do without: give --depth DIR, the "
                "folder of depth pictures, or take a model of colour alone"
            )
        return lambda path: None

    def read(picture: Path | None) -> Plane | None:
        plane = None if picture is None else depth.read(picture)
        if plane is None and not spec.depth_optional:
            where = "a video has none" if picture is None else f"no depth for it in {depth.folder}"
            raise InputError(f"{where}, and {spec.name} cannot do without")
        return plane

    return read


def without_depth_note(spec: ModelSpec, depth: DepthFolder | None) -> str:
    """One line where a model that sees depth judges by colour alone; empty otherwise."""
    if spec.input.channels != "rgbd" or depth is not None:
        return ""
    return (
        f"{spec.name} sees colour and depth; without --depth it judges by colour alone, as it has learnt to"
    )
