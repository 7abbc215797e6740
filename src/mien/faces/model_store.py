"""The detectors' model files: found on the disk, or fetched once, and always checked."""

from __future__ import annotations

import hashlib
import logging
import os
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from mien.core.errors import MienError

# A refusing or absent network must not keep anybody waiting: seconds to connect, seconds between two bytes.
_TIMEOUT_S = (2, 5)


class ModelUnavailableError(MienError):
    """A model file is not on this machine and cannot be fetched."""


@dataclass(frozen=True)
class ModelFile:
    """A model file that the project does not carry.

    Attributes:
        name: File name.
        sha256: Checksum, hexadecimal.
        url: Where it can be fetched; None: nowhere for certain.
    """

    name: str
    sha256: str
    url: str | None = None


YUNET = ModelFile(
    "face_detection_yunet_2023mar.onnx",
    "8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4",
    "https://media.githubusercontent.com/media/opencv/opencv_zoo/main/models/face_detection_yunet/"
    "face_detection_yunet_2023mar.onnx",
)
FACE_LANDMARKER = ModelFile(
    "face_landmarker_v2_with_blendshapes.task",
    "b261925d4aad812b47a0e8d58c1baa1223270a5d1f663d78338bc881c003879d",
)


def cache_dir() -> Path:
    """The folder for what mien may fetch again: ``MIEN_CACHE``, or the user's cache directory."""
    given = os.environ.get("MIEN_CACHE")
    return Path(given) if given else platformdirs.user_cache_path("mien", appauthor=False)


def model_path(file: ModelFile) -> Path:
    """A checked copy of a model file: in ``MIEN_MODEL_DIR``, in the cache, or fetched into it.

    Raises:
        ModelUnavailableError: It is nowhere and cannot be fetched.
        MienError: A copy was found, but its checksum is wrong.
    """
    folders = [cache_dir() / "models"]
    if given := os.environ.get("MIEN_MODEL_DIR"):
        folders.insert(0, Path(given))
    for folder in folders:
        if (folder / file.name).is_file():
            return _checked(folder / file.name, file)
    return _fetched(file, folders[-1])


def sha256_of(path: Path) -> str:
    """A file's SHA-256, hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _checked(path: Path, file: ModelFile) -> Path:
    try:
        found = sha256_of(path)
    except OSError as error:
        raise MienError(f"{path}: cannot be read: {error.strerror}") from error
    if found != file.sha256:
        raise MienError(
            f"{path}: wrong checksum (expected {file.sha256[:12]}..., found {found[:12]}...); "
            "it is damaged or another version: delete it or put the right file there"
        )
    return path


def _fetched(file: ModelFile, folder: Path) -> Path:
    remedy = f"put {file.name} into a folder and name that folder in MIEN_MODEL_DIR"
    if file.url is None:
        raise ModelUnavailableError(f"{file.name} is not on this machine; {remedy}")
    if os.environ.get("MIEN_OFFLINE", "0") not in ("", "0"):
        raise ModelUnavailableError(f"{file.name} is not on this machine and MIEN_OFFLINE is set; {remedy}")

    import pooch  # brings requests: half a second that only a fetch should cost

    pooch.get_logger().setLevel(logging.WARNING)
    try:
        fetched = pooch.retrieve(
            file.url,
            known_hash=f"sha256:{file.sha256}",
            fname=file.name,
            path=folder,
            downloader=pooch.HTTPDownloader(timeout=_TIMEOUT_S),
        )
    except OSError as error:  # also every error of the requests library
        raise ModelUnavailableError(
            f"{file.name} could not be fetched ({type(error).__name__}); {remedy}"
        ) from error
    except ValueError as error:  # a proxy's page instead of the file; pooch has kept nothing of it
        raise ModelUnavailableError(
            f"what {file.url} sent has the wrong checksum and was thrown away; {remedy}"
        ) from error
    return Path(fetched)
