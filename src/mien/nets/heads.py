"""Heads: a feature map in, logits out."""

from __future__ import annotations

from torch import Tensor, nn


class LinearHead(nn.Module):
    """Global average pooling, dropout, one linear layer."""

    def __init__(self, n_features: int, n_classes: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.dropout = nn.Dropout(dropout)
        self.linear = nn.Linear(n_features, n_classes)

    def forward(self, features: Tensor) -> Tensor:
        """[B, D, h, w] -> [B, K]."""
        return self.linear(self.dropout(features.mean((2, 3))))
