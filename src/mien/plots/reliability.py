"""Reliability diagram: accuracy against confidence."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.figure import Figure

from mien.core.errors import MienError
from mien.metrics.calibration import ReliabilityBin
from mien.metrics.intervals import wilson_interval


def reliability_figure(bins: Sequence[ReliabilityBin], ece: float | None = None) -> Figure:
    """Draw the bins of a reliability diagram with 95 % intervals (Wilson) of their accuracy.

    Args:
        bins: As `mien.metrics.calibration.reliability_bins` gives them.
        ece: Expected calibration error, named in the title.

    Raises:
        MienError: There is no bin.
    """
    if not bins:
        raise MienError("a reliability diagram needs at least one bin")
    figure = Figure(figsize=(4.4, 4.4), layout="constrained")
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color="#909395", linewidth=1, linestyle="--", label="perfectly calibrated")
    ends = [wilson_interval(b.accuracy * b.n, b.n) for b in bins]
    axes.errorbar(
        [b.confidence for b in bins],
        [b.accuracy for b in bins],
        yerr=[
            [max(0.0, b.accuracy - low) for b, (low, _) in zip(bins, ends, strict=True)],
            [max(0.0, high - b.accuracy) for b, (_, high) in zip(bins, ends, strict=True)],
        ],
        fmt="o-",
        color="#0f6a9e",
        capsize=2,
        label="measured",
    )
    axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="confidence", ylabel="accuracy", aspect="equal")
    axes.set_title("" if ece is None else f"ECE {100 * ece:.1f} %")
    axes.grid(alpha=0.25)
    axes.legend(frameon=False, fontsize="small", loc="upper left")
    return figure
