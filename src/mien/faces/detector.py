"""What a face detector is, which ones there are, and how one is made."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from mien.core.errors import MienError
from mien.core.records import Face, ImageArray
from mien.core.registry import Registry
from mien.faces.model_store import ModelUnavailableError

MIN_FACE_PX = 32
"""Default of the narrowest face that is looked for; an expression is hard to tell on fewer pixels."""


class Detector(Protocol):
    """Finds faces. One object serves one thread at a time.

    Attributes:
        name: Registry name.
        version: Equal for two detectors only if they find the same in every picture.
    """

    name: str
    version: str

    def detect(self, image: ImageArray) -> list[Face]:
        """Find the faces of a picture.

        Args:
            image: RGB [H, W, 3] or grey [H, W], as displayed.

        Returns:
            Faces in pixels of `image`, best score first; boxes clipped to the picture.
        """


@dataclass(frozen=True)
class DetectorOptions:
    """What every detector is told.

    Attributes:
        min_face_px: Narrowest face of interest, in pixels of the picture; narrower ones are not reported.
        score_threshold: Least score of a face, 0..1; None takes the detector's own default.
        detect_px: Longest side of the reduced copy that is searched; None takes the detector's own default.

    Raises:
        MienError: A value is out of range.
    """

    min_face_px: int = MIN_FACE_PX
    score_threshold: float | None = None
    detect_px: int | None = None

    def __post_init__(self) -> None:
        if self.min_face_px < 1:
            raise MienError(f"the smallest face must be at least 1 pixel wide, got {self.min_face_px}")
        if self.score_threshold is not None and not 0 <= self.score_threshold <= 1:
            raise MienError(f"a score threshold lies between 0 and 1, got {self.score_threshold}")
        if self.detect_px is not None and self.detect_px < 32:
            raise MienError(f"faces are searched on at least 32 pixels, got detect_px={self.detect_px}")


def detector_version(options: DetectorOptions, *made_of: object) -> str:
    """A short digest of all that decides what a detector finds.

    Args:
        options: What it was told.
        made_of: Its model file's checksum, its constants, the versions of its libraries.
    """
    return hashlib.sha256(repr((options, made_of)).encode()).hexdigest()[:12]


DETECTORS: Registry[Callable[[DetectorOptions], Detector]] = Registry("detector")
"""Detector names and what makes them. Each imports its library only when it is asked for."""


@DETECTORS.register("yunet")
def _yunet(options: DetectorOptions) -> Detector:
    from mien.faces.yunet import YuNetDetector

    return YuNetDetector(options)


@DETECTORS.register("haar")
def _haar(options: DetectorOptions) -> Detector:
    from mien.faces.haar import HaarDetector

    return HaarDetector(options)


@DETECTORS.register("mediapipe")
def _mediapipe(options: DetectorOptions) -> Detector:
    from mien.faces.mediapipe_landmarker import MediaPipeDetector

    return MediaPipeDetector(options)


def create_detector(
    name: str = "auto",
    *,
    min_face_px: int = MIN_FACE_PX,
    score_threshold: float | None = None,
    detect_px: int | None = None,
) -> Detector:
    """Make a detector.

    Args:
        name: ``yunet``, ``haar``, ``mediapipe``, or ``auto``: YuNet, or Haar (said in one line of the log)
            where YuNet's file cannot be had.
        min_face_px: Narrowest face of interest, in pixels of the picture.
        score_threshold: Least score of a face, 0..1; None takes the detector's own default.
        detect_px: Longest side of the reduced copy that is searched; None takes the detector's own default.

    Raises:
        MienError: An unknown name, a value out of range, a model file that is missing (not with ``auto``) or
            damaged, or a library that is not installed.
    """
    options = DetectorOptions(min_face_px, score_threshold, detect_px)
    if name not in ("auto", *DETECTORS):
        raise MienError(f"unknown detector {name!r} (known: {', '.join(('auto', *DETECTORS))})")
    if name != "auto":
        return DETECTORS[name](options)
    try:
        return DETECTORS["yunet"](options)
    except ModelUnavailableError as error:
        logging.getLogger("mien").warning(
            "looking for faces with Haar cascades, which find fewer, because YuNet is not at hand: %s", error
        )
        return DETECTORS["haar"](options)
