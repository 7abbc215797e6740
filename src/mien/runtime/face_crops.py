"""The faces of pictures and frames as the crops that a model sees."""

from __future__ import annotations

from dataclasses import dataclass

from mien.core.errors import InputError
from mien.core.records import Face, Frame, ImageArray, RgbdArray
from mien.core.specs import InputSpec
from mien.faces.depth import align_with_depth
from mien.faces.detector import Detector
from mien.faces.preprocess import ready_crop
from mien.runtime.columns import published
from mien.runtime.sources import Input, locate_frames
from mien.runtime.track import number_left_to_right


@dataclass(frozen=True, eq=False)
class FaceCrop:
    """A face in a picture.

    Attributes:
        frame: The picture that it is in.
        number: Its number in the picture, from the left.
        face: Where it is; None where the picture is a face crop already.
        crop: What the model sees, uint8 [S, S] or [S, S, 3], or with depth an `RgbdArray`.
    """

    frame: Frame
    number: int
    face: Face | None
    crop: ImageArray | RgbdArray


def faces_of(frame: Frame, spec: InputSpec, detector: Detector) -> list[FaceCrop]:
    """The faces of a picture, left to right; its depth counts as missing where the model sees depth.

    Raises:
        MienError: The model has no framing.
    """
    faces = [published(face) for face in detector.detect(frame.image)]
    numbers = number_left_to_right([face.box for face in faces])
    crops = [
        FaceCrop(frame, number, face, align_with_depth(frame.image, None, face.points, spec))
        for number, face in zip(numbers, faces, strict=True)
    ]
    return sorted(crops, key=lambda crop: crop.number)


def first_faces(item: Input, spec: InputSpec, detector: Detector | None) -> list[FaceCrop]:
    """The faces of a picture, or of a video's first frame that shows one.

    Args:
        item: The input.
        spec: The model's.
        detector: Finds the faces; None takes the picture, or a video's first frame, as a face crop.

    Raises:
        InputError: The input cannot be read, or shows no face.
        MienError: The model has no framing.
    """
    for located in locate_frames(item):
        frame = Frame(item.name, located.read().rgb(), located.index, located.timestamp_s)
        if detector is None:
            return [FaceCrop(frame, 0, None, ready_crop(frame.image, spec))]
        if crops := faces_of(frame, spec, detector):
            return crops
    raise InputError("no face was found in it")
