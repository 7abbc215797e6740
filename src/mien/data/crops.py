"""How a data set's picture becomes a model's crop: as it comes where the set comes as crops, else aligned."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mien.core.errors import InputError, MienError
from mien.core.records import Face, ImageArray, Plane, RgbdArray, Sample
from mien.core.specs import InputSpec
from mien.data.datasets import FaceDataset
from mien.data.depth import read_depth
from mien.data.face_table import TabledDetector, face_table_path, load_face_table
from mien.data.pictures import read_picture
from mien.faces.align import align_face, align_plane
from mien.faces.box import clip_box, iou
from mien.faces.depth import fit_plane, with_depth
from mien.faces.detector import Detector, create_detector
from mien.faces.preprocess import middle, ready_crop

SAME_FACE_IOU = 0.3  # face finders differ in how much of a head they frame

Cropper = Callable[[Sample], tuple[ImageArray | RgbdArray, bool]]
"""Sample -> (crop [S, S], [S, S, 3], or [S, S, 4] with depth; whether the face was there or was found)."""


def ready_crops(spec: InputSpec) -> Cropper:
    """For sets that come as crops: resized, never detected."""

    def crop(sample: Sample) -> tuple[ImageArray | RgbdArray, bool]:
        image = read_picture(sample.image)
        return _paired(
            ready_crop(image, spec), image, sample, spec, lambda plane: _ready_plane(plane, spec)
        ), True

    return crop


def found_faces(spec: InputSpec, detector: Detector) -> Cropper:
    """For sets of whole pictures: the largest face, aligned as at run time; its depth goes the same way.

    Where the set gives a box, the face found in it is meant. Where no face is found the middle square of the
    box or the picture stands in, and the sample is marked as missed.

    Raises:
        MienError: The spec says nothing of framing.
    """
    if spec.align is None:
        raise MienError(
            "this model's input has no align, so faces cannot be cut from whole pictures; add input.align"
        )

    def crop(sample: Sample) -> tuple[ImageArray | RgbdArray, bool]:
        image = read_picture(sample.image)
        face = face_of(sample, image, detector)
        if face is not None:
            points = face.points
            colour = align_face(image, points, spec)
            return _paired(colour, image, sample, spec, lambda plane: align_plane(plane, points, spec)), True
        square = _middle_square(sample, image)
        colour = ready_crop(image[square], spec)
        return _paired(colour, image, sample, spec, lambda plane: _ready_plane(plane[square], spec)), False

    return crop


def face_of(sample: Sample, image: ImageArray, detector: Detector) -> Face | None:
    """The face that the set gives, else the one found in the box that it gives, else the largest found."""
    return sample.face or chosen_face(sample, detector.detect(image))


def chosen_face(sample: Sample, found: Sequence[Face]) -> Face | None:
    """Which of the faces in its picture a sample is about: that in its box, else the largest; None: none."""
    box = sample.box
    if box is None:
        return max(found, key=lambda face: face.box[2] * face.box[3], default=None)
    meant = max(found, key=lambda face: iou(face.box, box), default=None)
    return meant if meant is not None and iou(meant.box, box) >= SAME_FACE_IOU else None


def _ready_plane(plane: Plane, spec: InputSpec) -> Plane:
    """A plane brought to a model's crop as `ready_crop` brings the picture that it lies on."""
    return middle(fit_plane(plane, spec.wide_px), spec.size_px)


def _middle_square(sample: Sample, image: ImageArray) -> tuple[slice, slice]:
    """Rows and columns of the largest square in the middle of the sample's box, else of the picture."""
    height, width = image.shape[:2]
    whole = (0.0, 0.0, float(width), float(height))
    x, y, wide, high = (clip_box(sample.box, width, height) if sample.box else None) or whole
    side = max(1, int(min(wide, high)))
    top, left = int(y + (high - side) / 2), int(x + (wide - side) / 2)
    return slice(top, top + side), slice(left, left + side)


def _paired(
    colour: ImageArray, image: ImageArray, sample: Sample, spec: InputSpec, cut: Callable[[Plane], Plane]
) -> ImageArray | RgbdArray:
    """A colour crop with the sample's depth of the same place, where the model sees depth."""
    if spec.depth_range_mm is None or sample.depth is None:
        return with_depth(colour, image, None, spec, cut)
    try:
        return with_depth(colour, image, read_depth(sample.depth, sample.depth_unit_mm, image), spec, cut)
    except InputError as error:
        raise InputError(f"{sample.id}: {error}") from error


def faces_are_ready(dataset: FaceDataset, faces: str) -> bool:
    """Whether pictures are taken as crops.

    Args:
        dataset: Says whether it comes as crops.
        faces: ``ready``, ``find``, or ``auto``: what fits the set.

    Raises:
        MienError: Another word.
    """
    if faces not in ("auto", "ready", "find"):
        raise MienError(f"faces are taken as auto, ready or find, not {faces!r}")
    return dataset.info.crops if faces == "auto" else faces == "ready"


def how_faces_are_found(dataset: FaceDataset, faces: str = "auto", detector: str = "auto") -> str:
    """In a few words, so that what was cut one way is not taken for what is cut another; as `cropper_for`.

    Raises:
        MienError: No such detector here.
    """
    if faces_are_ready(dataset, faces):
        return "ready"
    finder = create_detector(detector)
    return f"{finder.name} {finder.version}"


def cropper_for(
    dataset: FaceDataset, spec: InputSpec, faces: str = "auto", detector: str = "auto"
) -> Cropper:
    """How a data set's pictures become crops.

    Faces that `mien.data.prepare` has found already are not looked for again.

    Args:
        dataset: Says whether it comes as crops.
        spec: The model's input.
        faces: ``ready`` takes pictures as crops, ``find`` finds and aligns, ``auto`` does what fits the set.
        detector: Which detector finds.

    Raises:
        MienError: No such detector here, or the spec says nothing of framing.
    """
    if faces_are_ready(dataset, faces):
        return ready_crops(spec)
    finder = create_detector(detector)
    table = load_face_table(face_table_path(dataset, finder))
    return found_faces(spec, finder if table is None else TabledDetector(table, finder))
