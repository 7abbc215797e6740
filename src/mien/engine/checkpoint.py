"""Checkpoints: one safetensors file each, tensors plus JSON. Loading one never executes code."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from mien.core.errors import MienError
from mien.core.recipe import Recipe, validate_recipe
from mien.core.specs import SPEC_KEY, InputSpec, ModelSpec
from mien.methods import METHODS, Method, create_method
from mien.weights import WEIGHTS_DIR, checked

RECIPE_KEY = "mien.recipe"
STATE_KEY = "mien.state"


def save_tensors(path: Path, tensors: Mapping[str, Tensor], metadata: Mapping[str, str]) -> None:
    """Write a file whole or not at all, so that a kill leaves the file before it.

    Raises:
        MienError: The disk is full or the folder cannot be written.
    """
    unfinished = path.with_suffix(path.suffix + ".tmp")
    apart = {k: v.detach().cpu().contiguous().clone() for k, v in tensors.items()}
    try:
        save_file(apart, unfinished, dict(metadata))
        os.replace(unfinished, path)
    except (SafetensorError, OSError) as error:
        raise MienError(f"{path} cannot be written: {error}") from error


def load_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Tensors and metadata of a safetensors file.

    Raises:
        MienError: Missing, truncated or of another kind.
    """
    if not path.is_file():
        raise MienError(
            f"there is no checkpoint {path}: expected a run of `mien train` or its best.safetensors"
        )
    try:
        with safe_open(path, "pt") as handle:
            return {key: handle.get_tensor(key) for key in handle.keys()}, handle.metadata() or {}
    except (SafetensorError, OSError) as error:
        raise MienError(f"{path} is damaged or no checkpoint: {error}") from error


def save_model(path: Path, weights: Mapping[str, Tensor], spec: ModelSpec, recipe: Recipe) -> None:
    """Save a trained model: weights, ModelSpec and recipe."""
    save_tensors(path, weights, {SPEC_KEY: spec.to_json(), RECIPE_KEY: recipe.model_dump_json()})


def trained_file(name_or_path: str | Path) -> Path:
    """The weights that a training can start from.

    Args:
        name_or_path: A run folder or its weight file, or the name of an embedded model whose trainable
            weights come with mien.

    Raises:
        MienError: There are none, or they are damaged.
    """
    path = Path(name_or_path)
    if path.is_dir():
        return path / "best.safetensors"
    known = {file.stem: file for file in sorted(WEIGHTS_DIR.glob("*.safetensors"))}
    if str(name_or_path) in known:
        return checked(known[str(name_or_path)])
    if path.suffix == ".onnx" and path.is_file():
        raise MienError(
            f"{path}: an exported file cannot be trained on, its weights are folded or rounded: give the run "
            "folder that it was exported from"
        )
    if path.is_file():
        return path
    raise MienError(
        f"there is no checkpoint {path}: expected a run of `mien train`, its best.safetensors, or an "
        f"embedded model ({', '.join(known) or 'none is trainable here'})"
    )


def load_model(path: str | Path) -> tuple[Method, ModelSpec, Recipe]:
    """Rebuild a trained method from its file, its run folder, or the name of an embedded model.

    Raises:
        MienError: No model there, or damaged.
    """
    path = trained_file(path)
    weights, metadata = load_tensors(path)
    if SPEC_KEY not in metadata or RECIPE_KEY not in metadata:
        raise MienError(f"{path} holds no model of mien's: its ModelSpec or recipe is missing")
    spec = ModelSpec.from_json(metadata[SPEC_KEY], str(path))
    recipe = read_recipe(metadata, path)
    method = build_method(recipe, len(spec.labels), spec.input, initial_weights=False)
    load_weights(method, weights, path)
    return method.eval(), spec, recipe


def read_recipe(metadata: Mapping[str, str], path: Path) -> Recipe:
    """The recipe inside a checkpoint.

    Raises:
        MienError: There is none, or it is not valid.
    """
    try:
        tree = json.loads(metadata[RECIPE_KEY])
    except (KeyError, json.JSONDecodeError) as error:
        raise MienError(f"{path} holds no recipe of mien's") from error
    return validate_recipe(tree, str(path))


def load_weights(method: Method, weights: Mapping[str, Tensor], path: Path) -> None:
    """Put a checkpoint's tensors into a method, all of them.

    Raises:
        MienError: Names or shapes differ.
    """
    own = {name: tuple(value.shape) for name, value in method.state_dict().items()}
    given = {name: tuple(value.shape) for name, value in weights.items()}
    if own != given:
        odd = min(name for name in own.keys() | given.keys() if own.get(name) != given.get(name))
        raise MienError(
            f"{path} does not fit the network its recipe describes: {odd} is {given.get(odd, 'missing')} "
            f"there, {own.get(odd, 'missing')} here"
        )
    method.load_state_dict(weights)


def build_method(recipe: Recipe, n_classes: int, spec: InputSpec, initial_weights: bool = True) -> Method:
    """The method a recipe names, with its parameters.

    Args:
        recipe: Names the method.
        n_classes: K.
        spec: The input.
        initial_weights: Whether to fetch the backbone's pretrained weights, needless before a checkpoint.
    """
    params = dict(recipe.method.params)
    if not initial_weights and "backbone" in METHODS[recipe.method.name].params.model_fields:
        params["backbone"] = {**params.get("backbone", {}), "weights": "none"}
    return create_method(recipe.method.name, n_classes, spec.n_channels, spec.size_px, **params)


def flatten_optimizer(state: Mapping[str, Any]) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Split an optimiser's state dict into tensors and plain JSON."""
    tensors, plain = {}, {}
    for place, entries in state["state"].items():
        for key, value in entries.items():
            if isinstance(value, Tensor):
                tensors[f"{place}.{key}"] = value
            else:
                plain[f"{place}.{key}"] = value
    return tensors, {"values": plain, "param_groups": state["param_groups"]}


def unflatten_optimizer(tensors: Mapping[str, Tensor], plain: Mapping[str, Any]) -> dict[str, Any]:
    """The inverse of `flatten_optimizer`."""
    state: dict[int, dict[str, Any]] = {}
    for name, value in (*tensors.items(), *plain["values"].items()):
        place, key = name.split(".", 1)
        state.setdefault(int(place), {})[key] = value
    return {"state": state, "param_groups": plain["param_groups"]}


def subset(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """The entries under a prefix, without it."""
    return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}


def under(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The entries put under a prefix."""
    return {prefix + k: v for k, v in tensors.items()}
