"""A picture that gives its parts in the form that is asked for, so that nothing is converted in vain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np

from mien.core.records import ImageArray

Part = tuple[int, int, int, int]
"""x, y, width and height of a part of a picture, in its pixels."""


class Picture(Protocol):
    """A picture as displayed, however it is stored."""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""

    def gray(self) -> ImageArray:
        """All of it, [H, W]: BT.601 luma, or the video's own luma from 0 to 255."""

    def rgb(self) -> ImageArray:
        """All of it, [H, W, 3]."""

    def rgb_of(self, part: Part, size: tuple[int, int]) -> ImageArray:
        """A part of it as RGB [h, w, 3], brought to `size` (w, h); shrinking averages over areas."""


@dataclass(frozen=True, eq=False)
class RgbPicture:
    """A picture that is RGB already.

    Attributes:
        image: [H, W, 3], or [H, W] grey.
    """

    image: ImageArray

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        return self.image.shape[1], self.image.shape[0]

    def gray(self) -> ImageArray:
        """BT.601 luma."""
        if self.image.ndim == 2:
            return self.image
        return np.asarray(cv2.cvtColor(self.image, cv2.COLOR_RGB2GRAY), dtype=np.uint8)

    def rgb(self) -> ImageArray:
        """The picture itself."""
        if self.image.ndim == 3:
            return self.image
        return np.asarray(cv2.cvtColor(self.image, cv2.COLOR_GRAY2RGB), dtype=np.uint8)

    def rgb_of(self, part: Part, size: tuple[int, int]) -> ImageArray:
        """Cut out and resize."""
        copy = brought_to(cut(self.image, part), size)
        return copy if copy.ndim == 3 else np.asarray(cv2.cvtColor(copy, cv2.COLOR_GRAY2RGB), dtype=np.uint8)


def cut(plane: ImageArray, part: Part) -> ImageArray:
    """A part of an array, as a view."""
    x, y, width, height = part
    return plane[y : y + height, x : x + width]


def brought_to(plane: ImageArray, size: tuple[int, int]) -> ImageArray:
    """An array resized to (w, h): over areas where it shrinks, free of aliasing, else linearly."""
    height, width = plane.shape[:2]
    if (width, height) == size:
        return plane
    how = cv2.INTER_AREA if size[0] <= width and size[1] <= height else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(plane, size, interpolation=how), dtype=np.uint8)
