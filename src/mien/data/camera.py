"""Pinhole and orthographic cameras: where a point falls on a picture, and where a pixel lies in space.

World axes are those of the face files: x to the picture's right, y up, z towards the viewer, millimetres.
Camera axes are the field's: x right, y down, z forward, so that a point's z is its depth. A picture's
origin is its top left corner; the centre of the first pixel is (0.5, 0.5).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from mien.core.errors import InputError

Points = NDArray[np.float64]
"""float64 [..., 3] in millimetres, or [..., 2] in pixels."""


def facing() -> Points:
    """World to camera axes of a camera that looks along -z with y up: straight at the face."""
    return np.diag([1.0, -1.0, -1.0])


@dataclass(frozen=True, eq=False)
class Camera:
    """What both kinds have.

    Attributes:
        fx: Pixels to the right; per unit of x/z for a pinhole, per millimetre for an orthographic camera.
        fy: The same downwards.
        cx: Where the optical axis meets the picture, in pixels from its left edge.
        cy: The same from its top edge.
        width: The picture's width in pixels.
        height: The picture's height in pixels.
        rotation: World to camera axes, [3, 3].
        translation: Added after the rotation, [3], millimetres.
    """

    model: ClassVar[str]
    fx: float
    fy: float
    cx: float
    cy: float
    width: int
    height: int
    rotation: Points = field(default_factory=facing)
    translation: Points = field(default_factory=lambda: np.zeros(3))


@dataclass(frozen=True, eq=False)
class Pinhole(Camera):
    """u = cx + fx x/z, v = cy + fy y/z."""

    model = "pinhole"


@dataclass(frozen=True, eq=False)
class Orthographic(Camera):
    """u = cx + fx x, v = cy + fy y: no perspective."""

    model = "orthographic"


MODELS: dict[str, type[Camera]] = {kind.model: kind for kind in (Pinhole, Orthographic)}
NUMBERS = ("fx", "fy", "cx", "cy")


def to_camera(points: Points, camera: Camera) -> Points:
    """World points [..., 3] in the camera's axes."""
    return points @ camera.rotation.T + camera.translation


def project(points: Points, camera: Camera) -> tuple[Points, NDArray[np.float64]]:
    """Pixels [..., 2] and depths [...] of world points [..., 3]; what has no depth above 0 lies behind."""
    local = to_camera(points, camera)
    depth = local[..., 2]
    plane = local[..., :2]
    if isinstance(camera, Pinhole):
        with np.errstate(divide="ignore", invalid="ignore"):
            plane = plane / depth[..., None]
    return plane * (camera.fx, camera.fy) + (camera.cx, camera.cy), depth


def back_project(pixels: Points, depth: NDArray[Any], camera: Camera) -> Points:
    """World points [..., 3] of pixels [..., 2] at depths [...] in millimetres."""
    plane = (pixels - (camera.cx, camera.cy)) / (camera.fx, camera.fy)
    if isinstance(camera, Pinhole):
        plane = plane * depth[..., None]
    local = np.concatenate([plane, np.asarray(depth, np.float64)[..., None]], axis=-1)
    return (local - camera.translation) @ camera.rotation


def pixel_centres(width: int, height: int) -> Points:
    """u, v of every pixel's centre, [H, W, 2]."""
    return np.stack(np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5), axis=-1)


def cropped(camera: Camera, box: tuple[int, int, int, int]) -> Camera:
    """The camera of a cut-out.

    Args:
        camera: Of the whole picture.
        box: x, y, width, height in pixels.
    """
    x, y, width, height = box
    return replace(camera, cx=camera.cx - x, cy=camera.cy - y, width=width, height=height)


def camera_to_dict(camera: Camera) -> dict[str, Any]:
    """Plain JSON values, as `camera_from_dict` reads them."""
    plain = {f.name: getattr(camera, f.name) for f in fields(camera)}
    rotation, translation = plain.pop("rotation"), plain.pop("translation")
    return {
        "model": camera.model,
        **plain,
        "rotation": rotation.tolist(),
        "translation_mm": translation.tolist(),
        "pixel_origin": "the picture's top left corner; the centre of the first pixel is (0.5, 0.5)",
        "depth_is": "distance along the optical axis (z), not range",
    }


def camera_from_dict(plain: Any, where: str) -> Camera:
    """A camera from its JSON values; without more it stands at the origin and looks along -z.

    Args:
        plain: ``model``, ``width``, ``height``, ``fx``, ``fy``, ``cx``, ``cy``; perhaps ``rotation`` [3, 3]
            and ``translation_mm`` [3]. Other keys are passed over.
        where: Named in the error.

    Raises:
        InputError: A key is missing or its value makes no camera.
    """
    if not isinstance(plain, dict):
        raise InputError(f"{where}: a camera is a JSON object, not {type(plain).__name__}")
    model = plain.get("model", "pinhole")
    if model not in MODELS:
        raise InputError(f"{where}: model is {' or '.join(MODELS)}, not {model!r}")
    missing = [key for key in (*NUMBERS, "width", "height") if key not in plain]
    if missing:
        raise InputError(f"{where}: a camera needs {', '.join(missing)}")
    try:
        values = {key: float(plain[key]) for key in NUMBERS}
        size = {key: int(plain[key]) for key in ("width", "height")}
        rotation = np.array(plain.get("rotation", facing()), np.float64)
        translation = np.array(plain.get("translation_mm", np.zeros(3)), np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"{where}: a camera's values are numbers ({error})") from error
    if rotation.shape != (3, 3) or not np.allclose(rotation @ rotation.T, np.eye(3), atol=1e-4):
        raise InputError(f"{where}: rotation is no orthonormal 3 x 3 matrix")
    if translation.shape != (3,):
        raise InputError(f"{where}: translation_mm has three numbers, not {translation.size}")
    numbers = [*values.values(), *translation]
    if not np.isfinite(numbers).all() or min(values["fx"], values["fy"], *size.values()) <= 0:
        raise InputError(f"{where}: fx, fy, width and height are more than 0, and all numbers finite")
    return MODELS[model](**values, **size, rotation=rotation, translation=translation)


def read_camera(path: Path) -> tuple[Camera, float | None]:
    """A camera file and the depth unit that it gives.

    Returns:
        The camera, and ``depth_unit_mm`` where the file says it: one step of the depth picture in
        millimetres.

    Raises:
        InputError: The file cannot be read or describes no camera.
    """
    try:
        plain = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from error
    except ValueError as error:
        raise InputError(f"{path}: not JSON ({error})") from error
    camera = camera_from_dict(plain, str(path))
    unit = plain.get("depth_unit_mm")
    if unit is not None and not (isinstance(unit, int | float) and unit > 0):
        raise InputError(f"{path}: depth_unit_mm is a number above 0, not {unit!r}")
    return camera, unit
