"""A server with a model and a detector that need no weights: in this process, or as a process of its own.

python tests/server/doubles.py PORT DATA_DIR DELAY_S
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

from mien.core.specs import LogitStatistics, ModelSpec
from mien.server.app import create_app
from mien.server.settings import Settings

MODEL = "colours"


def _runtime_doubles() -> Any:
    place = Path(__file__).parents[1] / "runtime" / "conftest.py"
    spec = importlib.util.spec_from_file_location("mien_runtime_doubles", place)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


runtime = _runtime_doubles()


class Colours(runtime.ColourPredictor):
    """The runtime's double, with what compounds need."""

    @property
    def spec(self) -> ModelSpec:
        statistics = LogitStatistics(mean=(0.0,) * 7, std=(2.0,) * 7, fitted_on="nothing")
        return super().spec.model_copy(update={"basic_statistics": statistics})


def make_app(folder: Path, *, delay_s: float = 0.0, predictor: Any = None, **settings: Any) -> Any:
    """An app with the doubles; `settings` as for `Settings`."""
    told = Settings(models=(MODEL,), data_dir=folder, **{"threads": 2, **settings})
    return create_app(
        told,
        predictors={MODEL: predictor or Colours()},
        make_detector=lambda: runtime.PatchDetector(delay_s),
    )


if __name__ == "__main__":
    import uvicorn

    port, data_dir, delay = sys.argv[1:]
    uvicorn.run(
        make_app(Path(data_dir), delay_s=float(delay)), port=int(port), log_level="error", access_log=False
    )
