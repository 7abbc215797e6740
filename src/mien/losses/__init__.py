"""Losses: pure functions, and the terms of an objective that a recipe names."""

from mien.losses import angle as _angle  # these register them
from mien.losses import centres as _centres
from mien.losses import modules as _modules
from mien.losses._base import LOSSES, Loss, LossInfo, Objective, Sizes

__all__ = ["LOSSES", "Loss", "LossInfo", "Objective", "Sizes"]
del _angle, _centres, _modules
