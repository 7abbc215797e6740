"""A run small enough for seconds: three classes of 16 px pictures that a tiny network tells apart."""

from collections.abc import Callable

import numpy as np
import pytest
import torch

from mien.core.recipe import Recipe, parse_recipe
from mien.core.specs import ModelSpec
from mien.data.batches import Packed
from mien.data.protocols import Protocol
from mien.engine.parts import Parts

RECIPE = """
name: tiny
method:
  name: baseline
  params:
    backbone: {name: resnet18, stem: stride1, options: {layers: [1, 1, 1, 1], channels: [4, 4, 8, 8]}}
    dropout: 0.1
input: {size_px: 16, channels: gray, mean: [0.5], std: [0.25]}
data: {name: fer2013, train_split: Training, test_split: PublicTest}
augment: {flip: 0, shift: 0.05, noise: 0.05}
train: {epochs: 3, batch_size: 8, optimizer: adam, lr: 0.005, schedule: constant, precision: fp32}
"""


@pytest.fixture(scope="session")
def tiny_recipe() -> Callable[..., Recipe]:
    """The recipe with ``key=value`` changes."""
    return lambda *overrides: parse_recipe(RECIPE, "tiny.yaml", overrides)


def _packed(n: int, seed: int) -> Packed:
    """Class k has a bright bar in the k-th third of the picture."""
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % 3
    images = rng.integers(0, 80, (n, 1, 16, 16), dtype=np.uint8)
    for image, label in zip(images, labels, strict=True):
        image[0, :, 1 + 5 * label : 5 + 5 * label] += 120
    ids = tuple(f"{seed}-{i}" for i in range(n))
    y = torch.from_numpy(labels)
    return Packed(torch.from_numpy(images), y, torch.eye(3)[y], ids, np.ones(n, bool))


@pytest.fixture(scope="session")
def tiny_parts(tiny_recipe: Callable[..., Recipe]) -> Parts:
    """27 samples to learn from, 12 to select on; the last batch of 8 is a short one."""
    train, val = _packed(27, seed=0), _packed(12, seed=1)
    protocol = Protocol("tiny", {"train": train.ids, "val": val.ids}, "val", "test", "copies of a picture")
    spec = ModelSpec(
        name="tiny",
        method="baseline",
        labels=("anger", "fear", "surprise"),
        input=tiny_recipe().input,
    )
    return Parts(protocol, spec, train, val, val)
