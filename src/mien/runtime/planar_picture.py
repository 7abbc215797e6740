"""A video frame as the decoder left it: luma and two half-sized colour planes (YUV 4:2:0).

A model of grey crops takes its crops from the luma, and a detector the few pixels that it looks at, so
that the frame is never converted to RGB as a whole.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.core.records import ImageArray
from mien.faces.picture import Part, brought_to, cut

_FORMATS = {"yuv420p": False, "yuvj420p": True}  # whether 0..255 is always meant
_FULL_RANGE = 2  # FFmpeg's AVCOL_RANGE_JPEG
_BT709 = 1  # FFmpeg's AVCOL_SPC_BT709
# R, G and B from Y, U, V: shares of luma (Kr, Kb) in ITU-R BT.601 and BT.709.
_KR_KB = {False: (0.299, 0.114), True: (0.2126, 0.0722)}


class PlanarPicture:
    """A decoded frame, its planes taken without a copy.

    Args:
        luma: [H, W].
        blue: Cb, [ceil(H / 2), ceil(W / 2)].
        red: Cr, as Cb.
        full_range: Luma runs from 0 to 255, and not from 16 to 235.
        bt709: Colours are those of ITU-R BT.709, and not of BT.601.
        convert: Makes RGB of all of it, faster than plane by plane.
    """

    def __init__(
        self,
        luma: ImageArray,
        blue: ImageArray,
        red: ImageArray,
        *,
        full_range: bool,
        bt709: bool,
        convert: Callable[[], ImageArray],
    ) -> None:
        self._luma, self._blue, self._red = luma, blue, red
        self._convert = convert
        self._full_range = full_range
        self._to_rgb = _rgb_matrix(full_range, bt709)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        return self._luma.shape[1], self._luma.shape[0]

    def gray(self) -> ImageArray:
        """The luma, from 0 to 255."""
        return self._gray

    @cached_property
    def _gray(self) -> ImageArray:
        if self._full_range:
            return np.ascontiguousarray(self._luma)
        return np.asarray(cv2.LUT(self._luma, _WIDENED), dtype=np.uint8)

    def rgb(self) -> ImageArray:
        """All of it."""
        return self._rgb

    @cached_property
    def _rgb(self) -> ImageArray:
        return self._convert()

    def rgb_of(self, part: Part, size: tuple[int, int]) -> ImageArray:
        """Resize the planes of a part, then convert no more than that."""
        x, y, width, height = part
        left, top = x // 2, y // 2
        half = (left, top, -(-(x + width) // 2) - left, -(-(y + height) // 2) - top)
        planes = [brought_to(cut(self._luma, part), size)]
        planes += [brought_to(cut(plane, half), size) for plane in (self._blue, self._red)]
        return np.asarray(cv2.transform(cv2.merge(planes), self._to_rgb), dtype=np.uint8)


def is_planar(raw: Any) -> bool:
    """Whether a decoded frame's pixels are stored as this file knows them."""
    return raw.format.name in _FORMATS


def planar_picture(raw: Any, turn: int | None, convert: Callable[[], ImageArray]) -> PlanarPicture:
    """A decoded frame's planes.

    Args:
        raw: PyAV's frame, planar.
        turn: How OpenCV must rotate it to be as displayed; None: not at all.
        convert: Makes RGB of it, as displayed.
    """
    full_range = _FORMATS[raw.format.name] or int(raw.color_range) == _FULL_RANGE
    planes = [_plane(plane) for plane in raw.planes]
    if turn is not None:
        planes = [np.asarray(cv2.rotate(plane, turn), dtype=np.uint8) for plane in planes]
    luma, blue, red = planes
    bt709 = int(raw.colorspace) == _BT709
    return PlanarPicture(luma, blue, red, full_range=full_range, bt709=bt709, convert=convert)


def _plane(plane: Any) -> ImageArray:
    """A view of a plane; its lines may be longer than the picture is wide."""
    lines = np.frombuffer(plane, np.uint8, count=plane.line_size * plane.height)
    return lines.reshape(plane.height, plane.line_size)[:, : plane.width]


def _rgb_matrix(full_range: bool, bt709: bool) -> NDArray[np.float64]:
    """[3, 4]: R, G, B from Y, Cb, Cr and 1."""
    kr, kb = _KR_KB[bt709]
    kg = 1 - kr - kb
    luma, colour = (1.0, 1.0) if full_range else (255 / 219, 255 / 224)
    black = 0 if full_range else 16
    red, blue = 2 * (1 - kr) * colour, 2 * (1 - kb) * colour
    rows = [(0.0, red), (-blue * kb / kg, -red * kr / kg), (blue, 0.0)]
    return np.array([[luma, cb, cr, -luma * black - 128 * (cb + cr)] for cb, cr in rows])


_WIDENED = np.clip(np.rint((np.arange(256) - 16.0) * 255 / 219), 0, 255).astype(np.uint8)
