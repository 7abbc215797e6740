"""From samples to training batches: pictures packed once into one uint8 array, then cut in seeded order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from mien.core.errors import MienError
from mien.core.records import Sample
from mien.core.specs import InputSpec
from mien.data.crops import Cropper
from mien.data.packed_cache import are_worth_keeping, kept_crops
from mien.faces.light import evened


@dataclass(frozen=True)
class Batch:
    """One training batch.

    Attributes:
        x: [B, C, H, W] normalised.
        y: [B] hard labels.
        target: [B, K] target distribution: one-hot, smoothed, mixed or from votes.
        weight: [B] weights of the samples; None weighs all alike.
        whole: [B, C, H, W] normalised, before any damage; None where nobody looks at it.
    """

    x: Tensor
    y: Tensor
    target: Tensor
    weight: Tensor | None = None
    whole: Tensor | None = None

    def to(self, device: torch.device) -> Batch:
        """The same batch on a device."""

        def there(tensor: Tensor | None) -> Tensor | None:
            return None if tensor is None else tensor.to(device, non_blocking=True)

        x, y, target = (t.to(device, non_blocking=True) for t in (self.x, self.y, self.target))
        return Batch(x, y, target, there(self.weight), there(self.whole))


@dataclass(frozen=True)
class Packed:
    """All pictures of a part, decoded once.

    Attributes:
        images: uint8 [N, C, H, W]; int16 [N, 4, H, W] with depth, see `mien.core.records.RgbdArray`.
        labels: int64 [N].
        targets: float32 [N, K].
        ids: [N] sample ids.
        detected: bool [N]; False where a face had to be found and was not.
    """

    images: Tensor
    labels: Tensor
    targets: Tensor
    ids: tuple[str, ...]
    detected: np.ndarray

    def __len__(self) -> int:
        return len(self.ids)


def pack(
    samples: Sequence[Sample],
    n_classes: int,
    spec: InputSpec,
    cropper: Cropper,
    soft_weight: float = 0.0,
    on_sample: Callable[[], object] = lambda: None,
    crops: str = "",
) -> Packed:
    """Decode and crop every sample once, in the light that the model wants.

    Args:
        samples: At least one; each with a label.
        n_classes: K.
        spec: The model's input.
        cropper: How a picture becomes a crop.
        soft_weight: Weight of the soft label in the target where a sample has one.
        on_sample: Called after each sample, for a progress bar.
        crops: How `cropper` finds faces, in a few words; crops of files are then kept, see
            `mien.data.packed_cache`. Empty keeps none.

    Raises:
        MienError: No samples, or one without a label.
    """
    if not samples or any(not 0 <= s.label < n_classes for s in samples):
        raise MienError(
            f"expected labelled samples (0..{n_classes - 1}); got {len(samples)} samples, some without"
        )
    targets = np.eye(n_classes, dtype=np.float32)[[s.label for s in samples]]
    for target, sample in zip(targets, samples, strict=True):
        if soft_weight and sample.soft_label is not None:
            target[:] = (1 - soft_weight) * target + soft_weight * sample.soft_label
    kept = None
    if crops and are_worth_keeping(samples):
        kept = kept_crops(samples, spec, crops, lambda: _cut(samples, spec, cropper, on_sample), on_sample)
    images, detected = kept or _in_memory(samples, spec, cropper, on_sample)
    labels = torch.tensor([s.label for s in samples])
    return Packed(
        torch.from_numpy(images), labels, torch.from_numpy(targets), tuple(s.id for s in samples), detected
    )


def _cut(
    samples: Sequence[Sample], spec: InputSpec, cropper: Cropper, on_sample: Callable[[], object]
) -> Iterator[tuple[np.ndarray, bool]]:
    """Each sample's crop, channels first, and whether its face was there."""
    for sample in samples:
        crop, detected = cropper(sample)
        crop = evened(crop, spec)
        yield crop[None] if crop.ndim == 2 else crop.transpose(2, 0, 1), detected
        on_sample()


def _in_memory(
    samples: Sequence[Sample], spec: InputSpec, cropper: Cropper, on_sample: Callable[[], object]
) -> tuple[np.ndarray, np.ndarray]:
    """uint8 or int16 [N, C, S, S], and bool [N]."""
    dtype = np.int16 if spec.channels == "rgbd" else np.uint8
    images = np.empty((len(samples), spec.n_channels, spec.size_px, spec.size_px), dtype)
    detected = np.ones(len(samples), bool)
    for i, (crop, found) in enumerate(_cut(samples, spec, cropper, on_sample)):
        images[i], detected[i] = crop, found
    return images, detected


def batches_of(order: Tensor, batch_size: int) -> Iterator[Tensor]:
    """Cut an epoch's order into batches.

    A single sample that is left over is dropped, since BatchNorm cannot learn from one.
    """
    for places in order.split(batch_size):
        if len(places) > 1 or batch_size == 1:
            yield places
