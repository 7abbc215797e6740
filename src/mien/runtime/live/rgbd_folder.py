"""A recorded RGB-D sequence: a folder with ``color/`` (or ``rgb/``) and ``depth/``.

``color/NAME.png`` (or another picture) and ``depth/NAME.png`` (16-bit grey, as large, 0 = not measured)
belong together. ``timestamps.csv`` with the columns ``name,timestamp_s`` gives order and times; without it
the pictures follow one another by name at a fixed rate. ``camera.json`` may hold ``depth_unit_mm``.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path

from mien.core.errors import InputError
from mien.core.records import Plane
from mien.runtime.depth import read_depth_picture
from mien.runtime.live.source import Shot, SourceOptions
from mien.runtime.pictures import PICTURE_SUFFIXES, read_picture
from mien.runtime.sources import printable

_RATE_FPS = 30.0
_COLOUR_FOLDERS = ("color", "colour", "rgb")


class RgbdFolder:
    """Colour and depth pictures in turn."""

    can_wait = True
    has_depth = True

    def __init__(self, folder: Path, options: SourceOptions) -> None:
        """Find the pictures.

        Raises:
            InputError: The folder is not laid out so, or one of its files cannot be read.
        """
        self.name = printable(str(folder))
        colours = [folder / name for name in _COLOUR_FOLDERS if (folder / name).is_dir()]
        self._depth_folder = folder / "depth"
        if not colours or not self._depth_folder.is_dir():
            raise InputError(
                f"{self.name}: a recorded sequence has color/ and depth/ in it, with pictures of equal names"
            )
        self._want_depth = options.want_depth
        self._unit_mm = options.depth_unit_mm or _unit_of(folder / "camera.json")
        pictures = {
            path.stem: path for path in colours[0].iterdir() if path.suffix.lower() in PICTURE_SUFFIXES
        }
        if not pictures:
            raise InputError(f"{colours[0]}: there are no pictures")
        times = folder / "timestamps.csv"
        if times.is_file():
            self._items = _timed(times, pictures)
            lasts_s = self._items[-1][1] - self._items[0][1]
            self.rate_fps = (len(self._items) - 1) / lasts_s if lasts_s > 0 else None
        else:
            self.rate_fps = options.fps or _RATE_FPS
            names = sorted(pictures, key=_natural)
            self._items = [(pictures[name], i / self.rate_fps) for i, name in enumerate(names)]

    def __iter__(self) -> Iterator[Shot]:
        """All pictures; one that cannot be read is a broken frame."""
        for path, time_s in self._items:
            try:
                image = read_picture(path)
                depth = self._depth(path.stem) if self._want_depth else None
                if depth is not None and depth.shape != image.shape[:2]:
                    raise InputError(
                        f"its depth is {depth.shape[1]} x {depth.shape[0]} px, the picture "
                        f"{image.shape[1]} x {image.shape[0]}; depth must lie on the picture pixel for pixel"
                    )
            except InputError as error:
                yield Shot(None, time_s, error=f"{path.name}: {error}")
            else:
                yield Shot(image, time_s, depth)

    def close(self) -> None:
        """Nothing is held open."""

    def _depth(self, name: str) -> Plane | None:
        path = self._depth_folder / f"{name}.png"
        return read_depth_picture(path, self._unit_mm) if path.is_file() else None


def _timed(path: Path, pictures: dict[str, Path]) -> list[tuple[Path, float]]:
    """Pictures and times as ``timestamps.csv`` gives them."""
    items: list[tuple[Path, float]] = []
    try:
        with path.open(newline="", encoding="utf-8") as file:
            for number, row in enumerate(csv.DictReader(file), start=2):
                name = Path(row["name"]).stem
                if name not in pictures:
                    raise InputError(f"{path}, line {number}: there is no picture {row['name']!r}")
                items.append((pictures[name], float(row["timestamp_s"])))
                if len(items) > 1 and not items[-1][1] > items[-2][1]:
                    raise InputError(f"{path}, line {number}: times must grow from line to line")
    except (KeyError, TypeError, UnicodeDecodeError, csv.Error, OSError) as error:
        raise InputError(f"{path}: it needs the columns name and timestamp_s ({error})") from error
    except InputError:
        raise
    except ValueError as error:
        raise InputError(f"{path}: timestamp_s is a number of seconds ({error})") from error
    if not items:
        raise InputError(f"{path}: it names no picture")
    return items


def _unit_of(path: Path) -> float:
    """``depth_unit_mm`` of a camera file; 1 where it does not say."""
    if not path.is_file():
        return 1.0
    try:
        unit = json.loads(path.read_text(encoding="utf-8")).get("depth_unit_mm", 1.0)
        if not float(unit) > 0:
            raise ValueError(f"depth_unit_mm is above 0, got {unit}")
        return float(unit)
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise InputError(f"{path}: not a camera file ({error}); --depth-unit can take its place") from error


def _natural(name: str) -> list[tuple[int, str]]:
    """frame_2 before frame_10."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", name) if part]
