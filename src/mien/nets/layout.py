"""Which memory layout a network may train in."""

from __future__ import annotations

import torch
from torch import nn


def memory_format(net: nn.Module) -> torch.memory_format:
    """Channels-last where it is faster and safe, else contiguous.

    Channels-last makes bf16 convolutions on the CPU several times faster. With numbers of channels that are
    no multiple of 16, though, torch's CPU convolutions in that layout corrupt memory (seen with torch 2.14.1
    on a processor with AVX512: "double free or corruption" after a few steps at 8 and 12 channels, in fp32
    and bf16, never at 16 and more). An input of up to 4 channels is no trouble.
    """
    even = all(
        m.out_channels % 16 == 0 and (m.in_channels % 16 == 0 or m.in_channels <= 4)
        for m in net.modules()
        if isinstance(m, nn.Conv2d)
    )
    return torch.channels_last if even else torch.contiguous_format
