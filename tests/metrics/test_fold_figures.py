import pytest

from mien.core.errors import MienError
from mien.metrics.folds import FoldFigures, fold_table, spread


def fold(accuracy):
    return FoldFigures(
        name="f",
        n_train=8,
        n_val=2,
        n=5,
        accuracy=accuracy,
        uar=accuracy / 2,
        best_epoch=1,
        epochs=2,
        minutes=0.1,
    )


def test_mean_and_standard_deviation_over_folds():
    table = fold_table([fold(0.5), fold(0.6), fold(0.7)], 5)
    assert table.accuracy.mean == pytest.approx(0.6)
    assert table.accuracy.sd == pytest.approx(0.1)
    assert table.uar.mean == pytest.approx(0.3)
    assert table.n_folds == 5


def test_one_fold_has_no_spread_and_none_is_refused():
    assert spread([0.4]).sd is None
    with pytest.raises(MienError, match="no fold was run"):
        fold_table([], 5)
