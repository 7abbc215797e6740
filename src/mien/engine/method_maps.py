"""Maps and named outputs of a method in eval mode, by what it declares of itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from mien.core.errors import MienError
from mien.core.records import ImageArray, RgbdArray
from mien.core.registry import suggest
from mien.core.specs import InputSpec, ModelSpec
from mien.explain.cam import grad_cam
from mien.explain.maps import MapMaker, Maps
from mien.faces.preprocess import to_batch
from mien.methods import Method
from mien.nets.explainable import Explainable


def check_how(method: Method, spec: ModelSpec, how: str) -> Explainable:
    """What a method declares, if it allows an explanation.

    Raises:
        MienError: It does not; says what it has instead.
    """
    declared = method.explainable()
    if how not in declared.hows:
        raise MienError(
            f"{spec.name} (method {spec.method}) has nothing for {how}; it has: {', '.join(declared.hows)}"
        )
    return declared


def grad_cam_maker(method: Method, spec: ModelSpec, only: Sequence[str] = ()) -> MapMaker:
    """Grad-CAM at a method's declared layers.

    Args:
        method: In eval mode.
        spec: Its spec, for messages.
        only: Names of layers; empty takes all.

    Raises:
        MienError: It declares none, or none of that name.
    """
    layers = check_how(method, spec, "gradcam").cam
    chosen = {name: layers[name] for name in _named(only, list(layers))}

    def make(batch: NDArray[np.float32], targets: NDArray[np.int64]) -> Maps:
        x, classes = torch.from_numpy(batch), torch.from_numpy(targets)
        return {
            name: grad_cam(method.outputs, layer, x, classes).float().numpy()
            for name, layer in chosen.items()
        }

    return make


def attention_maker(method: Method, spec: ModelSpec, only: Sequence[str] = ()) -> MapMaker:
    """A method's own attention maps, whatever the class; arguments and errors as `grad_cam_maker`."""
    outputs = check_how(method, spec, "attention").attention
    place = {name: (output, i) for output, names in outputs.items() for i, name in enumerate(names)}
    chosen = {name: place[name] for name in _named(only, list(place))}

    def make(batch: NDArray[np.float32], targets: NDArray[np.int64]) -> Maps:
        with torch.inference_mode():
            seen = method.outputs(torch.from_numpy(batch))
        return {name: seen[output][:, i].float().numpy() for name, (output, i) in chosen.items()}

    return make


def output_of(
    method: Method,
    name: str,
    crops: Sequence[ImageArray | RgbdArray],
    spec: InputSpec,
    on_crop: Callable[[], object] = lambda: None,
    batch_size: int = 64,
) -> NDArray[np.float32]:
    """One of a method's named outputs for ready crops, [N, ...].

    Args:
        method: In eval mode.
        name: Of the output.
        crops: At least one.
        spec: The model's input.
        on_crop: Called after each crop, for a progress bar.
        batch_size: Crops at a time; changes nothing but speed.
    """
    parts = []
    for begin in range(0, len(crops), batch_size):
        some = crops[begin : begin + batch_size]
        with torch.inference_mode():
            parts.append(method.outputs(torch.from_numpy(to_batch(some, spec)))[name].float().numpy())
        for _ in some:
            on_crop()
    return np.concatenate(parts)


def _named(only: Sequence[str], known: list[str]) -> Sequence[str]:
    for name in only:
        if name not in known:
            raise MienError(f"there is no layer {name!r}{suggest(name, known)}")
    return only or known
