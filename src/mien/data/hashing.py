"""What identifies a picture: a hash of its decoded pixels, and a small grey version of it for comparisons."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from mien.core.errors import InputError
from mien.core.records import ImageArray, Sample
from mien.data.pictures import read_picture, to_grey
from mien.faces.box import clip_box

THUMBNAIL_PX = 48


@dataclass(frozen=True, eq=False)
class Fingerprint:
    """What is kept of a picture once it has been read.

    Attributes:
        sha256: Of the decoded pixels, see `content_hash`.
        thumbnail: Grey uint8 [THUMBNAIL_PX, THUMBNAIL_PX], whatever the picture's shape.
        size: Width and height of the picture in pixels.
        span: Difference of the brightest and the darkest grey value, 0..255.
    """

    sha256: str
    thumbnail: ImageArray
    size: tuple[int, int]
    span: int


def content_hash(image: ImageArray) -> str:
    """sha256 of a picture's pixels and shape.

    The same picture has one hash whatever file it came from: an RGB picture whose three channels are equal
    counts as the grey picture it is.
    """
    if image.ndim == 3 and _is_grey(image[::16, ::16]) and _is_grey(image):  # most are told by a few pixels
        image = image[:, :, 0]
    digest = hashlib.sha256(repr(image.shape).encode())
    digest.update(np.ascontiguousarray(image))
    return digest.hexdigest()


def _is_grey(image: ImageArray) -> bool:
    return bool((image == image[:, :, :1]).all())


def fingerprint(image: ImageArray) -> Fingerprint:
    """The fingerprint of a picture, [H, W] or [H, W, 3] uint8."""
    grey = to_grey(image)
    thumbnail = grey
    if grey.shape != (THUMBNAIL_PX, THUMBNAIL_PX):
        thumbnail = cv2.resize(grey, (THUMBNAIL_PX, THUMBNAIL_PX), interpolation=cv2.INTER_AREA)
    height, width = grey.shape
    return Fingerprint(content_hash(image), thumbnail, (width, height), int(grey.max()) - int(grey.min()))


def read_fingerprints(
    samples: Sequence[Sample],
    on_sample: Callable[[], object] = lambda: None,
    look: Callable[[Sample, ImageArray], object] = lambda sample, image: None,
) -> tuple[dict[str, Fingerprint], dict[str, str]]:
    """Read every sample once; of a sample with a box, the box is what counts.

    Args:
        samples: What to read.
        on_sample: Called after each sample, for a progress bar.
        look: Called with each sample and its whole picture, for whoever wants to see it too.

    Returns:
        Fingerprints by sample id, and the errors, by sample id, of those that cannot be read.
    """
    found: dict[str, Fingerprint] = {}
    errors: dict[str, str] = {}
    for sample in samples:
        try:
            image = read_picture(sample.image)
            found[sample.id] = fingerprint(meant(sample, image))
            look(sample, image)
        except InputError as error:
            errors[sample.id] = str(error)
        on_sample()
    return found, errors


def meant(sample: Sample, image: ImageArray) -> ImageArray:
    """The part of its picture that a sample is about: several faces of one photograph are no copies."""
    height, width = image.shape[:2]
    box = clip_box(sample.box, width, height) if sample.box else None
    if box is None:
        return image
    left, top = int(box[0]), int(box[1])
    return image[top : top + max(1, int(box[3])), left : left + max(1, int(box[2]))]


def grouped(keys: Iterable[tuple[str, Hashable]]) -> list[tuple[str, ...]]:
    """Ids with one key, together: one tuple per distinct key, in the order of first appearance."""
    groups: dict[Hashable, list[str]] = {}
    for sample_id, key in keys:
        groups.setdefault(key, []).append(sample_id)
    return [tuple(ids) for ids in groups.values()]
