"""95 % intervals: Wilson for shares, the bootstrap for everything else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.core.errors import MienError

Draw = Callable[[np.random.Generator], NDArray[np.int64]]
"""Generator -> rows of one resample."""

Z_95 = 1.959963984540054
"""The 97.5 % point of the standard normal distribution."""


def wilson_interval(k: float, n: float) -> tuple[float, float]:
    """Wilson's score interval of a share k / n (JASA 22, 1927), without continuity correction.

    Args:
        k: Successes, 0..n.
        n: Trials; with none, nothing is known and the interval is (0, 1).

    Raises:
        MienError: k is not within 0..n.
    """
    if not 0 <= k <= n:
        raise MienError(f"a share needs 0 <= k <= n, got k={k}, n={n}")
    if n == 0:
        return 0.0, 1.0
    share, z2 = k / n, Z_95**2
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = Z_95 * np.sqrt(share * (1 - share) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    return max(0.0, float(centre - half)), min(1.0, float(centre + half))


def bootstrap_interval(
    stat: Callable[..., float],
    *arrays: NDArray[Any],
    n: int = 1000,
    seed: int = 0,
    recentre: bool = False,
    draw: Draw | None = None,
) -> tuple[float, float]:
    """Percentile bootstrap over samples (Efron, Annals of Statistics 7, 1979).

    Args:
        stat: Takes arrays like `arrays`, returns a number.
        *arrays: Shape [N, ...] each; their rows are drawn together, with replacement.
        n: Number of resamples.
        seed: Same seed, same interval.
        recentre: Shift the interval by the bootstrap's own bias (mean of the resamples minus the statistic).
            Meant for statistics that grow under resampling, as the ECE does: without it their interval may
            lie wholly above the figure it belongs to.
        draw: Gives the rows of a resample; None draws single samples.

    Returns:
        The 2.5 % and 97.5 % points.

    Raises:
        MienError: There are no samples, or the arrays differ in length.
    """
    values = bootstrap_values(stat, *arrays, n=n, seed=seed, draw=draw)
    low, high = np.quantile(values, (0.025, 0.975))
    bias = float(values.mean()) - stat(*arrays) if recentre else 0.0
    return float(low - bias), float(high - bias)


def bootstrap_values(
    stat: Callable[..., float],
    *arrays: NDArray[Any],
    n: int = 1000,
    seed: int = 0,
    draw: Draw | None = None,
) -> NDArray[np.float64]:
    """The statistic of `n` resamples, [n]; arguments as `bootstrap_interval`."""
    sizes = {len(a) for a in arrays}
    if len(sizes) != 1 or 0 in sizes:
        raise MienError(
            f"the bootstrap needs arrays of one length above 0, got lengths {[len(a) for a in arrays]}"
        )
    size = sizes.pop()
    rng = np.random.default_rng(seed)
    values = np.empty(n)
    for i in range(n):
        rows = rng.integers(size, size=size) if draw is None else draw(rng)
        values[i] = stat(*(a[rows] for a in arrays))
    return values
