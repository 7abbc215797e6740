"""Depth pictures made tidy: small holes filled, stray pieces dropped, cut to what was measured."""

from __future__ import annotations

import cv2
import numpy as np
from scipy.interpolate import LinearNDInterpolator

from mien.core.records import Plane


def fill_small_holes(depth: Plane, max_px: int) -> Plane:
    """Fill holes of at most `max_px` pixels from their rims; larger ones, and those open to the border, stay.

    Args:
        depth: [H, W], 0 where nothing was measured.
        max_px: Pixels of the largest hole to be filled.

    Returns:
        A copy. Over a hole the depth is linear between the pixels of its rim, so a plane stays a plane.
    """
    _, labels, stats, _ = cv2.connectedComponentsWithStats((depth == 0).astype(np.uint8), connectivity=4)
    border = np.unique(np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]]))
    small = stats[:, cv2.CC_STAT_AREA] <= max_px
    small[0] = False  # what was measured
    small[border] = False
    holes = small[labels]
    if not holes.any():
        return depth.copy()
    rims = (cv2.dilate(holes.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0) & (depth > 0)
    between = LinearNDInterpolator(np.argwhere(rims), depth[rims])
    filled = depth.copy()
    filled[holes] = np.nan_to_num(between(np.argwhere(holes)), nan=0.0)
    return filled


def largest_component(depth: Plane) -> Plane:
    """Keep the largest connected piece of what was measured; all else becomes 0."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats((depth > 0).astype(np.uint8), connectivity=8)
    if len(stats) <= 2:
        return depth.copy()
    largest = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
    return np.where(labels == largest, depth, np.float32(0))


def measured_box(depth: Plane) -> tuple[int, int, int, int]:
    """x, y, width, height of the smallest box around what was measured; of size 0 where nothing was."""
    x, y, width, height = cv2.boundingRect((depth > 0).astype(np.uint8))
    return x, y, width, height
