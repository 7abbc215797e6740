import pytest

from mien.metrics.report import RobustnessCurve
from mien.metrics.robustness_losses import robustness_losses


def curve(kind, values, accuracy, unit="px"):
    return RobustnessCurve(kind=kind, unit=unit, values=values, accuracy=accuracy, uar=accuracy)


def test_losses_by_hand():
    first = [curve("blur", (0, 1, 2), (0.7, 0.6, 0.5)), curve("size", (48, 24), (0.7, 0.7))]
    second = [curve("blur", (0, 2, 3), (0.8, 0.7, 0.1)), curve("size", (48, 24), (0.8, 0.6))]
    blur, size = robustness_losses([first, second])
    assert (blur.kind, blur.value) == ("blur", 2)
    assert blur.lost == pytest.approx((0.2, 0.1))
    assert blur.ratios == pytest.approx((1, 0.5))
    assert size.ratios == (None, None)  # the first loses nothing
    assert size.lost[1] == pytest.approx(0.2)


def test_only_what_all_were_scored_under():
    one, other = [curve("blur", (0, 1), (0.7, 0.6))], [curve("noise", (0, 1), (0.7, 0.6))]
    assert robustness_losses([one, other]) == ()
    assert robustness_losses([one, [curve("blur", (0.5, 1), (0.7, 0.6))]]) == ()
    assert robustness_losses([one, []]) == robustness_losses([]) == ()
