"""An epoch of training beside the plain fp32 loop that papers' code has: same network, data and batches."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

from mien import api
from mien.core.recipe import Recipe
from mien.engine.checkpoint import build_method
from mien.engine.fit import fit
from mien.engine.loop import epoch_generator, make_batch
from mien.engine.parts import Parts, make_parts

RECIPE = "fer2013_baseline_resnet18"
NETWORKS = {
    "small ResNet": (),
    "ResNet-18": ("method.params.backbone.options={zero_init_last: false}",),  # 64 to 512 channels
}


class PlainSet(Dataset):
    """Pictures one by one through PIL and torchvision, as the papers' loaders do."""

    def __init__(self, images: torch.Tensor, labels: torch.Tensor, recipe: Recipe) -> None:
        from torchvision import transforms as T

        how, spec = recipe.augment, recipe.input
        assert spec is not None
        self.images, self.labels = images.numpy(), labels
        self.change = T.Compose(
            [
                T.ToPILImage(),
                T.RandomHorizontalFlip(how.flip),
                T.RandomAffine(how.rotate_deg, (how.shift,) * 2, (1 - how.scale, 1 + how.scale)),
                T.ColorJitter(how.brightness, how.contrast),
                T.ToTensor(),
                T.Normalize(spec.mean, spec.std),
                T.RandomErasing(how.erase),
            ]
        )

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, i: int) -> tuple[torch.Tensor, torch.Tensor]:
        return self.change(np.moveaxis(self.images[i], 0, -1)), self.labels[i]


def smaller(parts: Parts, n: int) -> Parts:
    """The parts with the first n training samples, and few to validate on."""
    from dataclasses import replace

    def cut(packed, k):
        return replace(
            packed,
            images=packed.images[:k],
            labels=packed.labels[:k],
            targets=packed.targets[:k],
            ids=packed.ids[:k],
            detected=packed.detected[:k],
        )

    few = cut(parts.select, 64)
    return replace(parts, train=cut(parts.train, n), val=None if parts.val is None else few, select=few)


def plain_epoch(recipe: Recipe, parts: Parts, workers: int) -> float:
    """Seconds of an epoch in fp32 with a DataLoader, after a warm-up."""
    torch.manual_seed(0)
    method = build_method(recipe, len(parts.spec.labels), parts.spec.input).train()
    optimizer = torch.optim.AdamW(method.parameters(), recipe.train.lr)
    data = PlainSet(parts.train.images, parts.train.labels, recipe)
    loader = DataLoader(
        data, recipe.train.batch_size, shuffle=True, num_workers=workers, persistent_workers=True
    )
    seconds = 0.0
    for _ in range(2):  # the first starts the workers
        started = time.perf_counter()
        for x, y in loader:
            optimizer.zero_grad()
            nn.functional.cross_entropy(method(x), y).backward()
            optimizer.step()
        seconds = time.perf_counter() - started
    return seconds


def mien_epoch(recipe: Recipe, parts: Parts) -> float:
    """Seconds of an epoch by `mien train`, after a warm-up."""
    changed = recipe.model_copy(update={"train": recipe.train.model_copy(update={"epochs": 2})})
    with tempfile.TemporaryDirectory() as folder:
        bundle = fit(changed, parts, Path(folder) / "run")
    return bundle.state.history[-1]["seconds"]


def batches_epoch(recipe: Recipe, parts: Parts) -> float:
    """Seconds to make an epoch's batches alone: what the step would wait for if it took no time."""
    generator = epoch_generator(0, 0)
    order = torch.randperm(len(parts.train), generator=generator)
    started = time.perf_counter()
    for places in order.split(recipe.train.batch_size):
        make_batch(parts.train, places, recipe, parts.spec.input, 0, None, generator)
    return time.perf_counter() - started


def training_figures(
    data_root: Path, n: int, changes: Sequence[str] = (), workers: int = 2
) -> dict[str, float]:
    """Pictures a second of both loops, and the share of the epoch in which batches are made."""
    recipe = api.load_recipe(RECIPE, ["data.soft_weight=0", "train.warmup_iters=0", *changes])
    parts = smaller(make_parts(recipe, data_root), n)
    ours, making = mien_epoch(recipe, parts), batches_epoch(recipe, parts)
    plain = plain_epoch(recipe, parts, workers)
    return {
        "samples": n,
        "mien_per_s": n / ours,
        "plain_per_s": n / plain,
        "ratio": plain / ours,
        "share_of_making_batches": making / ours,
    }
