"""Training curves: loss and scores over the epochs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from mien.core.errors import MienError

PARTS = {"train": "#909395", "val": "#0f6a9e"}
SCORES = {"accuracy": "-", "uar": "--"}


def training_curves(history: Sequence[Mapping[str, float]], selected_epoch: int | None = None) -> Figure:
    """Draw loss, accuracy and UAR of both parts over the epochs.

    Args:
        history: One mapping per epoch with ``epoch`` and any of ``train_loss``, ``val_loss``,
            ``train_accuracy``, ``val_accuracy``, ``train_uar``, ``val_uar``. What is absent is not drawn.
            Scores are 0..1.
        selected_epoch: Marked by a vertical line.

    Raises:
        MienError: There is no epoch.
    """
    if not history:
        raise MienError("training curves need at least one epoch")
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    loss, score = figure.subplots(1, 2)
    for part, color in PARTS.items():
        _line(loss, history, f"{part}_loss", color, "-", part)
        for name, style in SCORES.items():
            _line(
                score,
                history,
                f"{part}_{name}",
                color,
                style,
                f"{part} {name if name == 'accuracy' else 'UAR'}",
                100,
            )
    loss.set_ylabel("loss")
    score.set_ylabel("%")
    for axes in (loss, score):
        _finish(axes, selected_epoch)
    return figure


def _line(
    axes: Axes,
    history: Sequence[Mapping[str, float]],
    key: str,
    color: str,
    style: str,
    label: str,
    factor: float = 1,
) -> None:
    points = [(row["epoch"], row[key] * factor) for row in history if row.get(key) is not None]
    if points:
        epochs, values = zip(*points, strict=True)
        marker = "o" if len(points) == 1 else ""
        axes.plot(epochs, values, style, color=color, label=label, marker=marker)


def _finish(axes: Axes, selected_epoch: int | None) -> None:
    axes.set_xlabel("epoch")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    if selected_epoch is not None:
        axes.axvline(selected_epoch, color="#c93b12", linewidth=1, label=f"selected: epoch {selected_epoch}")
    if axes.get_legend_handles_labels()[0]:
        axes.legend(frameon=False, fontsize="small")
