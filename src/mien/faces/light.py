"""Evening out a crop's light: homomorphic filtering and histogram equalisation of its luma.

Both belong to a model's input, so training and run time go through this one function. A homomorphic filter
takes the logarithm, in which light and skin add up, and removes what changes slowly, which is the light.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.core.records import ImageArray
from mien.core.specs import InputSpec

# Light that changes over an eighth of the crop's side and more is taken out.
_LIGHT_REACH = 1 / 8
# Where the result lies: three standard deviations either way fill the scale.
_MEAN, _STD = 127.5, 42.5


def evened(crop: NDArray[Any], spec: InputSpec) -> NDArray[Any]:
    """A crop in the light that its model wants to see it in.

    Args:
        crop: uint8 [S, S] or [S, S, 3], or int16 [S, S, 4] with depth, which stays as it is.
        spec: The model's input.

    Returns:
        The crop itself where the model takes it as it is, else one of the same shape and type.
    """
    if not (spec.homomorphic or spec.equalise):
        return crop
    if crop.ndim == 2:
        return _evened_luma(crop, spec)
    luma_and_colour = cv2.cvtColor(np.ascontiguousarray(crop[:, :, :3], dtype=np.uint8), cv2.COLOR_RGB2YCrCb)
    luma_and_colour[:, :, 0] = _evened_luma(np.ascontiguousarray(luma_and_colour[:, :, 0]), spec)
    colour = cv2.cvtColor(luma_and_colour, cv2.COLOR_YCrCb2RGB)
    if crop.shape[2] == 3:
        return np.asarray(colour)
    return np.dstack([colour.astype(crop.dtype), crop[:, :, 3]])


def homomorphic(luma: ImageArray) -> ImageArray:
    """[S, S] without its slow changes of light, on one mean and one contrast; a flat one becomes mid grey."""
    logarithm = np.log1p(luma.astype(np.float32))
    light = cv2.GaussianBlur(logarithm, (0, 0), _LIGHT_REACH * luma.shape[0])
    skin = logarithm - light
    contrast = float(skin.std())
    if contrast < 1e-6:
        return np.full_like(luma, round(_MEAN))
    scaled = (skin - skin.mean()) / contrast * _STD + _MEAN
    return np.asarray(np.clip(np.rint(scaled), 0, 255), dtype=np.uint8)


def _evened_luma(luma: ImageArray, spec: InputSpec) -> ImageArray:
    if spec.homomorphic:
        luma = homomorphic(luma)
    return np.asarray(cv2.equalizeHist(luma), dtype=np.uint8) if spec.equalise else luma
