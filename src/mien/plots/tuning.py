"""A search over settings: how the score rose, and where in each range the good ones lie."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

_MARKS = {"complete": ("o", "#0072b2"), "pruned": ("x", "#d55e00")}  # apart in shape, too


def tuning_figure(
    scores: Sequence[float | None],
    states: Sequence[str],
    values: Mapping[str, Sequence[Any]],
    log: Collection[str],
    metric: str,
) -> Figure:
    """One panel over the trials with the best so far, and one per key.

    Args:
        scores: [T]; None for a failed trial, which is not drawn.
        states: ``complete``, ``pruned`` or ``failed``, [T].
        values: Key to its value in each trial, [T]; numbers or anything that can be written.
        log: Keys on a logarithmic axis.
        metric: What the score is.
    """
    n_panels = 1 + len(values)
    figure = Figure(figsize=(3.2 * n_panels, 3.2), layout="constrained")
    first, *others = figure.subplots(1, n_panels, sharey=True, squeeze=False)[0]
    _points(first, range(len(scores)), scores, states)
    best = np.fmax.accumulate(
        [s if s is not None and how == "complete" else -np.inf for s, how in zip(scores, states, strict=True)]
    )
    told = np.flatnonzero(np.isfinite(best))
    first.step(told, best[told], where="post", color="0.4", linewidth=1, label="best so far")
    first.set(xlabel="trial", ylabel=metric)
    first.legend(fontsize="small")
    for axes, (key, of_trials) in zip(others, values.items(), strict=True):
        if all(isinstance(v, int | float) and not isinstance(v, bool) for v in of_trials):
            _points(axes, of_trials, scores, states)
            if key in log:
                axes.set_xscale("log")
        else:
            names = sorted({str(v) for v in of_trials})
            _points(axes, [names.index(str(v)) for v in of_trials], scores, states)
            axes.set_xticks(range(len(names)), names)
        axes.set_xlabel(key)
    return figure


def _points(
    axes: Axes, x: Sequence[Any] | range, scores: Sequence[float | None], states: Sequence[str]
) -> None:
    for state, (mark, color) in _MARKS.items():
        drawn = [i for i, how in enumerate(states) if how == state and scores[i] is not None]
        if drawn:
            axes.scatter([x[i] for i in drawn], [scores[i] for i in drawn], marker=mark, c=color, label=state)
