"""The faces of consecutive frames, looked for only where following them needs it.

A whole picture is searched about three times a second, the surroundings of known faces about six times a
second, and a face that hardly moved from one look to the next is put in between by straight lines. Where
faces come, go or move quickly, each frame is looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from mien.core.records import Face
from mien.faces.box import iou
from mien.faces.detector import Detector
from mien.faces.picture import Picture
from mien.faces.search import find_faces

WHOLE_EVERY_S = 0.35
"""A face that comes into the picture is seen at the latest this much later."""

# A head that nods three times a second with an amplitude of a tenth of its size lies off the straight line
# by at most 1 % of its size over this time; the detector's own points scatter by 2 %.
_LOOK_EVERY_S = 0.17
_MOST_MOVED = 0.15  # of the face's width, between two looks
_SAME_FACE = 0.3


def follow_faces(
    pictures: Sequence[Picture], times_s: Sequence[float | None], detector: Detector
) -> list[list[Face]]:
    """Find the faces of consecutive frames of one video.

    Args:
        pictures: The frames.
        times_s: Their times; where one is unknown, each picture is searched.
        detector: What finds faces.

    Returns:
        Of each frame, best score first.
    """
    known = [time for time in times_s if time is not None]
    if len(known) < len(pictures) or not pictures:
        return [find_faces(picture, detector) for picture in pictures]
    found: dict[int, list[Face]] = {}
    whole_s = -np.inf
    looks = _looks(known)
    for i in looks:
        everywhere = known[i] - whole_s > WHOLE_EVERY_S or not found
        near = [] if everywhere else found[max(found)]
        found[i] = find_faces(pictures[i], detector, [face.box for face in near])
        whole_s = known[i] if not near else whole_s
    for before, after in pairwise(looks):
        pairs = _pairs(found[before], found[after])
        for i in range(before + 1, after):
            if pairs is None:
                found[i] = find_faces(pictures[i], detector, [face.box for face in found[i - 1]])
            else:
                share = (known[i] - known[before]) / (known[after] - known[before])
                found[i] = [_between(a, b, share) for a, b in pairs]
    return [found[i] for i in range(len(pictures))]


def _looks(times_s: Sequence[float]) -> list[int]:
    """The frames that are looked at: the first, the last, and others no more than `_LOOK_EVERY_S` apart."""
    looks = [0]
    for i in range(1, len(times_s)):
        is_last = i == len(times_s) - 1
        if is_last or times_s[i + 1] - times_s[looks[-1]] > _LOOK_EVERY_S + 1e-6:
            looks.append(i)
    return looks


def _pairs(before: Sequence[Face], after: Sequence[Face]) -> list[tuple[Face, Face]] | None:
    """Each face of one look with itself in the next; None where one comes, goes or moves too far."""
    if len(before) != len(after):
        return None
    pairs, left = [], list(after)
    for face in before:
        same = max(left, key=lambda other: iou(face.box, other.box))
        moved = float(np.abs(same.points - face.points).max())
        if iou(face.box, same.box) < _SAME_FACE or moved > _MOST_MOVED * face.box[2]:
            return None
        left.remove(same)
        pairs.append((face, same))
    return pairs


def _between(before: Face, after: Face, share: float) -> Face:
    """A face on the straight line from one look to the next."""
    x, y, width, height = ((1 - share) * a + share * b for a, b in zip(before.box, after.box, strict=True))
    score = (1 - share) * before.score + share * after.score
    points = (1 - share) * before.points + share * after.points
    return Face((x, y, width, height), score, points.astype(np.float32))
