"""Heads: features in, logits out."""

from __future__ import annotations

from torch import Tensor, nn


class LinearHead(nn.Module):
    """Dropout, one linear layer."""

    def __init__(self, n_features: int, n_classes: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.dropout = nn.Dropout(dropout)
        self.linear = nn.Linear(n_features, n_classes)

    def forward(self, features: Tensor) -> Tensor:
        """[B, D] -> [B, K]."""
        return self.linear(self.dropout(features))
