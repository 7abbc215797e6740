"""Losses: pure functions, and the terms of an objective that a recipe names."""

from mien.losses import modules as _modules  # registers them
from mien.losses._base import LOSSES, Loss, LossInfo, Objective, Sizes

__all__ = ["LOSSES", "Loss", "LossInfo", "Objective", "Sizes"]
del _modules
