"""The crops of a training part, kept in the cache folder and memory-mapped: decoded once for all trainings.

What is kept is known by everything that a crop follows from: the files with their sizes and times, the faces
that the set gives, the model's input but for its normalisation, the way of finding faces, and the versions of
mien and OpenCV. A changed file is therefore decoded again, and a damaged cache file is made anew.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import shutil
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

import mien
from mien.core.errors import MienError
from mien.core.records import Sample, VideoFrame
from mien.core.specs import InputSpec
from mien.faces.model_store import cache_dir

Crops = Iterator[tuple[NDArray[Any], bool]]
Images = NDArray[np.uint8] | NDArray[np.int16]

_FORMAT = 1  # raised whenever the same samples give other crops
_CHUNK = 1 << 24  # bytes read at once
_LEFT_AFTER_S = 24 * 3600.0  # a file that nobody wrote to for so long is nobody's
_SPARE_BYTES = 1 << 30  # of the disk, never touched
GIGABYTES = 20.0
"""What all kept crops may take; ``MIEN_PACKED_GB`` says otherwise, 0 keeps none."""


def are_worth_keeping(samples: Sequence[Sample]) -> bool:
    """Whether pictures have to be decoded; those of a set that holds them decoded would only be copied."""
    return all(isinstance(sample.image, Path | VideoFrame) for sample in samples) and limit_bytes() > 0


def limit_bytes() -> int:
    """What all kept crops together may take.

    Raises:
        MienError: ``MIEN_PACKED_GB`` is no number.
    """
    given = os.environ.get("MIEN_PACKED_GB", str(GIGABYTES))
    try:
        return int(float(given) * 2**30)
    except (ValueError, OverflowError):
        raise MienError(f"MIEN_PACKED_GB is a number of gigabytes, not {given!r}") from None


def kept_crops(
    samples: Sequence[Sample],
    spec: InputSpec,
    how: str,
    cut: Callable[[], Crops],
    on_sample: Callable[[], object] = lambda: None,
) -> tuple[Images, NDArray[np.bool_]] | None:
    """The crops of samples from the cache folder, put there first where they are missing or damaged.

    Args:
        samples: All from files.
        spec: The model's input.
        how: How faces are found: ``ready``, or a detector's name and version.
        cut: Cuts the samples one after the other: (channels first [C, S, S], whether its face was there).
        on_sample: Called for each sample, for a progress bar.

    Returns:
        Memory-mapped [N, C, S, S] and bool [N]; None where the crops cannot be kept, which the log says.
    """
    shape = (len(samples), spec.n_channels, spec.size_px, spec.size_px)
    dtype = np.dtype(np.int16 if spec.channels == "rgbd" else np.uint8)
    try:
        path = cache_dir() / "packed" / f"{_key(samples, spec, how)}.npy"
    except OSError:  # a picture is missing; whoever reads it says which
        return None
    known = _read(path, shape, dtype)
    if known is not None:
        for _ in samples:
            on_sample()
        return known
    need = int(np.prod(shape)) * dtype.itemsize
    try:
        _make_room(path.parent, need)
        _write(path, shape, dtype, cut())
        written = _read(path, shape, dtype)
    except OSError as error:
        _log().warning("crops are not kept in %s: %s", path.parent, error.strerror or error)
        return None
    return written


def _key(samples: Sequence[Sample], spec: InputSpec, how: str) -> str:
    """A digest of all that the crops follow from."""
    seen = spec.model_dump_json(exclude={"mean", "std"})
    digest = hashlib.sha256(f"{_FORMAT} {mien.__version__} {cv2.__version__} {how} {seen}".encode())
    for sample in samples:
        face = None if sample.face is None else (sample.face.box, sample.face.points.tolist())
        facts = (_source(sample.image), _source(sample.depth), sample.depth_unit_mm, face, sample.box)
        digest.update(repr(facts).encode())
    return digest.hexdigest()[:32]


def _source(given: Any) -> object:
    """What tells one version of a file from the next."""
    if isinstance(given, Path):
        facts = given.stat()
        return str(given.resolve()), facts.st_size, facts.st_mtime_ns
    if isinstance(given, VideoFrame):
        return _source(given.path), given.index
    if isinstance(given, np.ndarray):
        return given.shape, hashlib.sha256(np.ascontiguousarray(given)).hexdigest()
    return None


def _write(path: Path, shape: tuple[int, ...], dtype: np.dtype[Any], crops: Crops) -> None:
    """Both files whole or not at all; the second one, with the check sum, says that the first is whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    check, missed = 0, []
    header: dict[str, Any] = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False}
    try:
        with unfinished.open("wb") as handle:
            np.lib.format.write_array_header_1_0(handle, header | {"shape": shape})
            for place, (crop, found) in enumerate(crops):
                written = np.ascontiguousarray(crop, dtype).tobytes()
                handle.write(written)
                check = zlib.crc32(written, check)
                if not found:
                    missed.append(place)
        os.replace(unfinished, path)
        unfinished.write_text(json.dumps({"crc32": check, "missed": missed}), encoding="utf-8")
        os.replace(unfinished, path.with_suffix(".json"))
    finally:
        with contextlib.suppress(OSError):
            unfinished.unlink()


def _read(
    path: Path, shape: tuple[int, ...], dtype: np.dtype[Any]
) -> tuple[Images, NDArray[np.bool_]] | None:
    """What was kept; None where there is nothing, or something damaged, which the log says."""
    facts_path = path.with_suffix(".json")
    if not (path.is_file() and facts_path.is_file()):
        return None
    try:
        facts = json.loads(facts_path.read_text(encoding="utf-8"))
        images = np.load(path, mmap_mode="c", allow_pickle=False)  # private: what is written stays in memory
        if images.shape != shape or images.dtype != dtype:
            raise ValueError(f"it holds {images.dtype} {images.shape}")
        if _checksum(path, images.offset) != facts["crc32"]:
            raise ValueError("its check sum differs")
        detected = np.ones(shape[0], bool)
        detected[np.array(facts["missed"], int)] = False
    except (OSError, ValueError, KeyError, TypeError, IndexError, EOFError) as error:
        _log().warning("the kept crops %s are damaged (%s), so pictures are decoded again", path, error)
        return None
    with contextlib.suppress(OSError):
        os.utime(facts_path)  # used last
    return images, detected


def _checksum(path: Path, offset: int) -> int:
    check = 0
    with path.open("rb") as handle:
        handle.seek(offset)
        while chunk := handle.read(_CHUNK):
            check = zlib.crc32(chunk, check)
    return check


def _make_room(folder: Path, need: int) -> None:
    """Remove what was not used for longest until `need` bytes fit the limit.

    Raises:
        OSError: They do not fit at all.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _remove_leftovers(folder)
    limit, entries = limit_bytes(), sorted(folder.glob("*.json"), key=lambda path: path.stat().st_mtime)
    sizes = {entry: entry.with_suffix(".npy") for entry in entries}
    held = {entry: data.stat().st_size for entry, data in sizes.items() if data.is_file()}
    if need > limit:
        raise OSError(f"they take {need / 2**30:.1f} GB and MIEN_PACKED_GB allows {limit / 2**30:.1f}")
    for entry in entries:
        if sum(held.values()) + need <= limit:
            break
        with contextlib.suppress(OSError):  # on some systems a file in use stays
            entry.unlink()
            sizes[entry].unlink()
        held.pop(entry, None)
    free = shutil.disk_usage(folder).free
    if free < need + _SPARE_BYTES:
        raise OSError(f"they take {need / 2**30:.1f} GB and the disk has {free / 2**30:.1f} GB left")


def _remove_leftovers(folder: Path) -> None:
    """Remove what killed trainings left: files half written, and crops without their check sum."""
    for path in (*folder.glob("*.tmp"), *folder.glob("*.npy")):
        whole = path.suffix == ".npy" and path.with_suffix(".json").is_file()
        with contextlib.suppress(OSError):
            if not whole and time.time() - path.stat().st_mtime > _LEFT_AFTER_S:
                path.unlink()


def _log() -> logging.Logger:
    return logging.getLogger("mien")
