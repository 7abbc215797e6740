"""Where a detector looks: through the whole picture, or near the faces that the frame before had."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from mien.core.records import Face, ImageArray
from mien.faces.box import Box, iou
from mien.faces.detector import Detector
from mien.faces.picture import Part, Picture

# Half a face on each side: in 40 ms a face that fills a tenth of the picture's width moves by less, unless
# it jumps; then it is lost and looked for everywhere.
_MARGIN = 0.5
_FACE_PX = 56
_GRID_PX = 32  # networks pad to this; a part is better widened to it than padded
_MOST_SEARCHED = 0.6  # beyond this share of the whole search, the whole search is as cheap and finds more
_SAME_FACE = 0.3  # overlap of two finds of one face, the detectors' own


@runtime_checkable
class PartDetector(Detector, Protocol):
    """A detector that searches reduced copies which others make."""

    def copy_size(self, width: int, height: int) -> tuple[int, int]:
        """Width and height of the copy on which it searches a whole picture."""

    def detect_copy(self, copy: ImageArray, part: Part, size: tuple[int, int]) -> list[Face]:
        """Find faces on a copy of a part of a picture.

        Args:
            copy: RGB [h, w, 3].
            part: What of the picture it shows.
            size: The picture's width and height.

        Returns:
            Faces in pixels of the picture.
        """


def find_faces(picture: Picture, detector: Detector, known: Sequence[Box] = ()) -> list[Face]:
    """Find the faces of a picture.

    Near known faces a search costs a fraction of a whole one. It is done only where that finds each of
    them again; a face that was nowhere before is found by the next whole search.

    Args:
        picture: Where to look.
        detector: Those that search no copies made by others look through all of it, whatever is known.
        known: Boxes of the faces of the frame before; empty: look everywhere.

    Returns:
        Best score first.
    """
    if not isinstance(detector, PartDetector):
        return detector.detect(picture.rgb())
    width, height = picture.size
    whole = detector.copy_size(width, height)
    if known:
        parts = [_part_around(box, picture.size, whole) for box in known]
        if sum(w * h for _, (w, h) in parts) <= _MOST_SEARCHED * whole[0] * whole[1]:
            found = _in_parts(picture, detector, parts)
            if len(found) >= len(known):
                return found
    everything = (0, 0, width, height)
    return detector.detect_copy(picture.rgb_of(everything, whole), everything, picture.size)


def _part_around(box: Box, size: tuple[int, int], whole: tuple[int, int]) -> tuple[Part, tuple[int, int]]:
    """The part of a picture in which a face is looked for, and the size of its copy.

    The face is `_FACE_PX` wide on the copy, or as wide as on the copy of the whole picture if that is less.
    """
    x, y, width, height = box
    scale = min(whole[0] / size[0], max(_FACE_PX / max(width, height), 32 / min(size)))
    begins, sides, copied = [], [], []
    for start, length, limit in ((x, width, size[0]), (y, height, size[1])):
        pixels = -(-(length * (1 + 2 * _MARGIN) * scale) // _GRID_PX) * _GRID_PX
        side = min(limit, round(pixels / scale))
        begin = min(max(0, round(start + length / 2 - side / 2)), limit - side)
        begins.append(begin)
        sides.append(side)
        copied.append(max(1, min(int(pixels), round(side * scale))))
    return (begins[0], begins[1], sides[0], sides[1]), (copied[0], copied[1])


def _in_parts(
    picture: Picture, detector: PartDetector, parts: Sequence[tuple[Part, tuple[int, int]]]
) -> list[Face]:
    """The faces that lie wholly in one of the parts, each once."""
    found: list[Face] = []
    for part, copied in parts:
        faces = detector.detect_copy(picture.rgb_of(part, copied), part, picture.size)
        found += [face for face in faces if _inside(face.box, part, picture.size)]
    kept: list[Face] = []
    for face in sorted(found, key=lambda face: -face.score):
        if all(iou(face.box, other.box) <= _SAME_FACE for other in kept):
            kept.append(face)
    return kept


def _inside(box: Box, part: Part, size: tuple[int, int]) -> bool:
    """Whether a box is cut off by no border but the picture's own."""
    for start, length, begin, side, limit in zip(box[:2], box[2:], part[:2], part[2:], size, strict=True):
        cut_before = start <= begin and begin > 0
        cut_behind = start + length >= begin + side and begin + side < limit
        if cut_before or cut_behind:
            return False
    return True
