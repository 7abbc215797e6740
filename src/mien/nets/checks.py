"""What a network is given, checked before torch says it in its own words."""

from __future__ import annotations

from torch import Tensor

from mien.core.errors import MienError


def check_input(name: str, x: Tensor, n_channels: int, side: int | None = None) -> None:
    """Refuse what a network cannot take.

    Args:
        name: The method's registry name.
        x: [B, C, H, W].
        n_channels: The C that it takes.
        side: The H and W that it takes; None takes any.

    Raises:
        MienError: Another number of channels, or another size.
    """
    if x.ndim != 4 or x.shape[1] != n_channels:
        raise MienError(
            f"{name} was built for batches [B, {n_channels}, H, W], got {list(x.shape)}: set input.channels"
        )
    if side is not None and tuple(x.shape[2:]) != (side, side):
        raise MienError(
            f"{name} was built for crops of {side} px, got {x.shape[3]} x {x.shape[2]}: set input.size_px"
        )


def check_batch(name: str, x: Tensor) -> None:
    """Refuse to learn from a batch of one where vectors are normalised over the batch.

    Raises:
        MienError: The batch holds one sample.
    """
    if len(x) < 2:
        raise MienError(
            f"{name} normalises its features over the batch, so it cannot learn from a batch of one: raise "
            "train.batch_size, or lower train.accumulate"
        )
