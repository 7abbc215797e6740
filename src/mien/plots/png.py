"""Figures and pictures as PNG bytes."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import cv2
import numpy as np

from mien.core.records import ImageArray

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DPI = 110


def figure_png(figure: Figure) -> bytes:
    """A matplotlib figure as a PNG file."""
    out = io.BytesIO()
    figure.savefig(out, format="png", dpi=DPI)
    return out.getvalue()


def picture_png(picture: ImageArray) -> bytes:
    """RGB [H, W, 3] or grey [H, W] as a PNG file."""
    encoded = picture if picture.ndim == 2 else cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)
    return cv2.imencode(".png", np.ascontiguousarray(encoded))[1].tobytes()
