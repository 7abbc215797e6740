"""Losses against slow loops written from their formulas."""

import pytest
import torch
import torch.nn.functional as F

from mien.losses.functional import cross_entropy


def test_cross_entropy_is_torchs_for_hard_labels():
    logits = torch.randn(6, 4, generator=torch.Generator().manual_seed(0))
    y, class_weight = torch.tensor([0, 1, 2, 3, 0, 0]), torch.tensor([1.0, 2.0, 3.0, 0.5])
    target = torch.eye(4)[y]
    torch.testing.assert_close(cross_entropy(logits, target), F.cross_entropy(logits, y))
    weighted = cross_entropy(logits, target, class_weight[y])
    torch.testing.assert_close(weighted, F.cross_entropy(logits, y, weight=class_weight))


def test_cross_entropy_of_a_distribution():
    logits = torch.randn(3, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    target = torch.tensor([[0.5, 0.5, 0, 0], [0.1, 0.2, 0.3, 0.4], [0, 0, 1, 0]], dtype=torch.float64)
    expected = F.cross_entropy(logits, target)
    assert cross_entropy(logits, target).item() == pytest.approx(expected.item(), rel=1e-6)
