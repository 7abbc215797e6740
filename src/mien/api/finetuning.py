"""Train a model on with pictures of one's own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mien.api.extras import need_train_extra

if TYPE_CHECKING:
    from mien.engine.finetune import FineTuned, Plan
    from mien.engine.fit import Listener


def finetune(
    model: str,
    data: str,
    data_root: Path | None,
    run_dir: Path,
    *,
    resume: bool = False,
    listener: Listener | None = None,
    on_plan: Callable[[Plan], object] = lambda plan: None,
    on_sample: Callable[[], object] = lambda: None,
    **wishes: Any,
) -> FineTuned:
    """Train a model on, and say what it was worth on pictures that it did not learn from.

    Args:
        model: A run folder, its ``best.safetensors``, or the name of an embedded model.
        data: ``folder`` or ``csv`` for pictures of one's own, or any data set.
        data_root: Its folder; None looks below ``MIEN_DATA_ROOT``.
        run_dir: Where the run goes.
        resume: Go on with a killed run.
        listener: Hears of every step and epoch.
        on_plan: Hears what was decided, before anything is learnt.
        on_sample: Called for each picture read.
        **wishes: See `mien.engine.finetune.Wishes`.

    Raises:
        MienError: Model and data do not fit, the pictures are too few or contradict one another; [train] is
            not installed.
    """
    need_train_extra()
    from mien.engine.finetune import Wishes, make_plan
    from mien.engine.finetune import finetune as tune_finely
    from mien.plots.curves import training_curves

    plan = make_plan(model, data, data_root, Wishes(**wishes))
    on_plan(plan)
    found = tune_finely(
        model, plan, data_root, run_dir, resume=resume, listener=listener, on_sample=on_sample
    )
    figure = training_curves(found.bundle.state.history, found.bundle.state.best_epoch)
    figure.savefig(run_dir / "curves.png", dpi=120)
    return found
