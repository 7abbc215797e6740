"""The plain records that flow through the house: frames, faces, results, samples."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from mien.core.specs import ModelSpec

ImageArray = NDArray[np.uint8]
"""uint8, [H, W, 3] RGB as displayed (EXIF orientation and rotation applied), or [H, W] grey."""

RgbdArray = NDArray[np.int16]
"""int16, [S, S, 4]: RGB 0..255, then depth from 1 at the near end of a model's range to DEPTH_FULL at its far
end; 0 where nothing was measured."""

Plane = NDArray[np.float32]
"""float32 [H, W], numbers that lie on a picture, such as its depth in millimetres (0: not measured)."""

DEPTH_FULL = 32_767
"""The far end of the depth range in an `RgbdArray`."""

Status = Literal["ok", "no_face", "error"]


@dataclass(frozen=True, eq=False)
class Frame:
    """One picture, or one frame of a video.

    Attributes:
        input: The path as the user gave it (sub-folders kept).
        image: RGB, [H, W, 3].
        index: Frame number in its video, from 0; 0 for a picture.
        timestamp_s: Time in seconds from the container; None for a picture.
    """

    input: str
    image: ImageArray
    index: int = 0
    timestamp_s: float | None = None


@dataclass(frozen=True, eq=False)
class Face:
    """A detected face.

    Attributes:
        box: x, y, width, height in pixels of the picture as displayed.
        score: The detector's confidence, 0..1.
        points: [5, 2] x, y in pixels: right eye, left eye, nose tip, right and left mouth corner
            (the person's right and left).
    """

    box: tuple[float, float, float, float]
    score: float
    points: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class FaceResult:
    """One row of the table: a face, or a frame or input without one.

    Attributes:
        input: The path as given.
        frame: Frame number; 0 for a picture; None when the input could not be opened.
        timestamp_s: Seconds; None for pictures.
        status: ``ok``, ``no_face`` or ``error``.
        error: One line; empty unless status is ``error``.
        face_id: Stable over a video; counts the faces of a picture from 0. None without a face.
        face: The detection; None without a face.
        labels: Label names, in the order of `probabilities`.
        probabilities: [K] calibrated; None without a face.
        compounds: Names of the compound emotions that were asked for.
        intensities: [n_compounds] of the compounds, on no fixed scale; None without a face.
        warnings: What makes the face hard to judge, see `mien.faces.quality`; empty for a good one.
        unsure: Not to be relied on: the model's confidence is too low, or a warning says so. None without a
            face.
    """

    input: str
    frame: int | None
    timestamp_s: float | None
    status: Status
    error: str = ""
    face_id: int | None = None
    face: Face | None = None
    labels: tuple[str, ...] = ()
    probabilities: NDArray[np.float32] | None = None
    compounds: tuple[str, ...] = ()
    intensities: NDArray[np.float32] | None = None
    warnings: tuple[str, ...] = ()
    unsure: bool | None = None

    @property
    def emotion(self) -> str | None:
        """The most probable label."""
        return None if self.probabilities is None else self.labels[int(np.argmax(self.probabilities))]

    @property
    def confidence(self) -> float | None:
        """The probability of the most probable label."""
        return None if self.probabilities is None else float(np.max(self.probabilities))

    @property
    def compound(self) -> str | None:
        """The most intense compound emotion."""
        return None if self.intensities is None else self.compounds[int(np.argmax(self.intensities))]

    @property
    def compound_intensity(self) -> float | None:
        """The intensity of the most intense compound emotion."""
        return None if self.intensities is None else float(np.max(self.intensities))


class Predictor(Protocol):
    """Anything that turns ready crops into logits: an ONNX session, a torch module, a test double."""

    @property
    def spec(self) -> ModelSpec:
        """The model's spec."""

    def logits(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        """Raw scores [B, K] for a normalised batch [B, C, H, W]."""


@dataclass(frozen=True)
class VideoFrame:
    """One frame of a video file, for data sets that are handed out as videos.

    Attributes:
        path: The video.
        index: Number of the frame in order of display, from 0.
    """

    path: Path
    index: int

    def __str__(self) -> str:
        return f"{self.path}#{self.index}"


@dataclass(frozen=True, eq=False, slots=True)  # there may be a million of them
class Sample:
    """One labelled item of a data set.

    Attributes:
        id: Unique within the data set and stable between machines.
        image: A path, a frame of a video, or the decoded picture ([H, W] grey or [H, W, 3] RGB, uint8).
        label: Integer in the data set's LabelSpace; -1 where the set gives none.
        split: The set's own name of the split (``Training``, ``test``...).
        soft_label: [K] probabilities or vote shares; None where the set has none.
        depth: A path or uint16 array, pixel for pixel on `image`, 0 = not measured; or a mesh (.wrl, .obj,
            .ply) or point grid (.bnt) to be rendered onto it; None without depth.
        depth_unit_mm: One step of `depth`, or one unit of a mesh, in millimetres.
        subject: The person; None where the set does not say.
        sequence: The video or sequence the picture comes from.
        frame: Frame number within the sequence.
        intensity: 0..1; None where the set does not say.
        face: Box and points where the set gives them.
        box: x, y, width, height in pixels where the set gives no more than that: which of the faces in the
            picture is meant.
        meta: Anything else the set says (age, gender, light...).
    """

    id: str
    image: Path | VideoFrame | ImageArray
    label: int
    split: str
    soft_label: NDArray[np.float64] | None = None
    depth: Path | NDArray[np.uint16] | None = None
    depth_unit_mm: float = 1.0
    subject: str | None = None
    sequence: str | None = None
    frame: int | None = None
    intensity: float | None = None
    face: Face | None = None
    box: tuple[float, float, float, float] | None = None
    meta: Mapping[str, Any] = field(default_factory=dict)
