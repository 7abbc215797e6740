"""The arithmetic of printed percentages: which counts can stand behind them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from mien.report.published import PublishedItem

SLACK = 1e-9
"""For the binary representation of decimal numbers."""


def half_step(decimals: int) -> float:
    """Half a unit of the last printed place: how far rounding may have moved a number."""
    return 0.5 * 10**-decimals


def count_behind(percent: float, n: int, decimals: int = 2) -> int | None:
    """The count whose share of `n` is printed as `percent`; None where there is none.

    A share that lies half-way between two printed numbers may be rounded to either.

    Args:
        percent: As printed, 0..100.
        n: Of how many.
        decimals: Printed places.
    """
    count = round(percent / 100 * n)
    return count if abs(100 * count / n - percent) <= half_step(decimals) + SLACK else None


def neighbours(percent: float, n: int) -> tuple[float, float]:
    """The shares of `n` next below and next above a percentage that is none of them, in percent."""
    below = int(percent / 100 * n)
    return 100 * below / n, 100 * (below + 1) / n


def fits(percents: Iterable[float], n: int, decimals: int = 2) -> bool:
    """Whether every percentage is a share of `n`."""
    return all(count_behind(value, n, decimals) is not None for value in percents)


def fitting_sizes(percents: Sequence[float], sizes: Iterable[int]) -> list[int]:
    """Those of `sizes` of which every percentage is a share."""
    return [n for n in sizes if fits(percents, n)]


def cells(item: PublishedItem, row: str, columns: Sequence[str]) -> list[float]:
    """The cells of one row in the order of `columns`."""
    return [item.value(row, column) for column in columns]


def pooled_accuracy(matrix: PublishedItem, counts: Mapping[str, int]) -> float:
    """Accuracy over all samples of a row-normalised confusion matrix, in percent.

    Args:
        matrix: Rows are ground truth, in percent.
        counts: Samples of each class.
    """
    right = sum(matrix.value(name, name) * counts[name] for name in matrix.columns)
    return right / sum(counts[name] for name in matrix.columns)


def fitting_repetitions(matrix: PublishedItem, counts: Mapping[str, int], most: int = 20) -> list[int]:
    """Numbers of repetitions over which every cell of a confusion matrix is a count.

    Args:
        matrix: Rows are ground truth, in percent.
        counts: Samples of each class in one repetition.
        most: The largest number to try.
    """
    return [
        n
        for n in range(1, most + 1)
        if all(fits(cells(matrix, name, matrix.columns), counts[name] * n) for name in matrix.columns)
    ]


def class_sizes(matrix: PublishedItem, most: int) -> dict[str, int]:
    """The smallest number of samples of each class that makes counts of all cells of its row.

    Args:
        matrix: Rows are ground truth, in percent.
        most: The largest number to try.
    """
    return {
        name: fitting_sizes(cells(matrix, name, matrix.columns), range(1, most + 1))[0]
        for name in matrix.columns
    }


def mean(values: Sequence[float]) -> float:
    """The arithmetic mean."""
    return sum(values) / len(values)
