"""A feature map as a sequence for a small ViT encoder."""

from __future__ import annotations

from functools import partial

import torch
import torch.nn.functional as F
from timm.models.vision_transformer import Block
from torch import Tensor, nn

LayerNorm = partial(nn.LayerNorm, eps=1e-6)
STD = 0.02
"""Spread of the first weights, as in ViT (Dosovitskiy et al., ICLR 2021) and its successors."""


class MapEncoder(nn.Module):
    """1x1 convolution, class token, learned positions, pre-norm encoder blocks; the class token comes out.

    Args:
        n_in: Channels of the map.
        dim: Of the tokens.
        depth: Blocks.
        heads: Of each attention; they share `dim`.
        grid: Side of the map that has a position of its own for each place; for a map of another size the
            positions are interpolated.
        mlp_ratio: Width of a block's MLP over `dim`.
    """

    def __init__(
        self, n_in: int, dim: int = 768, depth: int = 4, heads: int = 8, grid: int = 9, mlp_ratio: float = 4.0
    ) -> None:
        super().__init__()
        self.grid = grid
        self.embed = nn.Conv2d(n_in, dim, 1)
        self.cls = nn.Parameter(torch.empty(1, 1, dim))
        self.position = nn.Parameter(torch.empty(1, 1 + grid * grid, dim))
        self.blocks = nn.Sequential(
            *(Block(dim, heads, mlp_ratio, qkv_bias=True, norm_layer=LayerNorm) for _ in range(depth))
        )
        self.norm = LayerNorm(dim)
        self.apply(_init)
        for parameter in (self.cls, self.position):
            nn.init.trunc_normal_(parameter, std=STD)

    def forward(self, x: Tensor) -> Tensor:
        """[B, n_in, h, w] -> [B, dim]."""
        tokens = self.embed(x).flatten(2).transpose(1, 2)  # [B, h w, dim]
        cls = self.cls.expand(x.shape[0], -1, -1)  # [B, 1, dim]
        tokens = torch.cat([cls, tokens], dim=1) + self._positions(x.shape[2], x.shape[3])
        return self.norm(self.blocks(tokens)[:, 0])

    def _positions(self, height: int, width: int) -> Tensor:
        """[1, 1 + h w, dim]."""
        if height == width == self.grid:
            return self.position
        first, places = self.position[:, :1], self.position[:, 1:]
        places = places.transpose(1, 2).unflatten(2, (self.grid, self.grid))  # [1, dim, grid, grid]
        places = F.interpolate(places, size=(height, width), mode="bilinear")
        return torch.cat([first, places.flatten(2).transpose(1, 2)], dim=1)


def _init(module: nn.Module) -> None:
    if isinstance(module, nn.Linear):
        nn.init.trunc_normal_(module.weight, std=STD)
        nn.init.zeros_(module.bias)
