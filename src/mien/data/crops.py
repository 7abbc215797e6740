"""How a data set's picture becomes a model's crop: as it comes where the set comes as crops, else aligned."""

from __future__ import annotations

from collections.abc import Callable

from mien.core.errors import MienError
from mien.core.records import ImageArray, Sample
from mien.core.specs import InputSpec
from mien.data.datasets import FaceDataset
from mien.data.pictures import read_picture
from mien.faces.align import align_face
from mien.faces.detector import Detector, create_detector
from mien.faces.preprocess import ready_crop

Cropper = Callable[[Sample], tuple[ImageArray, bool]]
"""Sample -> (crop [S, S] or [S, S, 3], whether the face was there or was found)."""


def ready_crops(spec: InputSpec) -> Cropper:
    """For sets that come as crops: resized, never detected."""
    return lambda sample: (ready_crop(read_picture(sample.image), spec), True)


def found_faces(spec: InputSpec, detector: Detector) -> Cropper:
    """For sets of whole pictures: the largest face, aligned as at run time.

    Where no face is found the middle square of the picture stands in, and the sample is marked as missed.

    Raises:
        MienError: The spec says nothing of framing.
    """
    if spec.align is None:
        raise MienError(
            "this model's input has no align, so faces cannot be cut from whole pictures; add input.align"
        )

    def crop(sample: Sample) -> tuple[ImageArray, bool]:
        image = read_picture(sample.image)
        faces = [sample.face] if sample.face is not None else detector.detect(image)
        if faces:
            largest = max(faces, key=lambda face: face.box[2] * face.box[3])
            return align_face(image, largest.points, spec), True
        side = min(image.shape[:2])
        top, left = (image.shape[0] - side) // 2, (image.shape[1] - side) // 2
        return ready_crop(image[top : top + side, left : left + side], spec), False

    return crop


def cropper_for(
    dataset: FaceDataset, spec: InputSpec, faces: str = "auto", detector: str = "auto"
) -> Cropper:
    """How a data set's pictures become crops.

    Args:
        dataset: Says whether it comes as crops.
        spec: The model's input.
        faces: ``ready`` takes pictures as crops, ``find`` finds and aligns, ``auto`` does what fits the set.
        detector: Which detector finds.

    Raises:
        MienError: No such detector here, or the spec says nothing of framing.
    """
    if faces not in ("auto", "ready", "find"):
        raise MienError(f"faces are taken as auto, ready or find, not {faces!r}")
    ready = dataset.info.crops if faces == "auto" else faces == "ready"
    return ready_crops(spec) if ready else found_faces(spec, create_detector(detector))
