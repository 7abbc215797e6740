"""One file per method. Importing this package registers all of them."""

from __future__ import annotations

import importlib
import pkgutil

from mien.methods._base import METHODS, Method, MethodInfo, Shape, create_method, parse_params
from mien.methods._cost import Cost, cost_of

for _module in pkgutil.iter_modules(__path__):
    if not _module.name.startswith("_"):
        importlib.import_module(f"{__name__}.{_module.name}")

__all__ = ["METHODS", "Cost", "Method", "MethodInfo", "Shape", "cost_of", "create_method", "parse_params"]
