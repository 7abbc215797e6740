import numpy as np
import pytest

from mien.core.errors import MienError
from mien.metrics.calibration import ReliabilityBin
from mien.metrics.report import RobustnessCurve
from mien.plots.confusion import confusion_figure
from mien.plots.curves import training_curves
from mien.plots.reliability import reliability_figure
from mien.plots.robustness import robustness_figure


def lines_of(axes):
    return {line.get_label(): line.get_xydata().tolist() for line in axes.get_lines()}


def test_training_curves_draw_what_there_is(tmp_path):
    history = [
        {
            "epoch": 1,
            "train_loss": 2.0,
            "val_loss": 1.8,
            "train_accuracy": 0.3,
            "val_accuracy": 0.4,
            "val_uar": 0.35,
        },
        {
            "epoch": 2,
            "train_loss": 1.5,
            "val_loss": 1.6,
            "train_accuracy": 0.5,
            "val_accuracy": 0.45,
            "val_uar": 0.4,
        },
    ]
    figure = training_curves(history, selected_epoch=2)
    loss, score = figure.axes

    drawn = lines_of(loss)
    assert drawn["train"] == [[1, 2.0], [2, 1.5]]
    assert drawn["val"] == [[1, 1.8], [2, 1.6]]
    assert drawn["selected: epoch 2"][0][0] == 2
    assert lines_of(score)["val accuracy"] == [[1, 40.0], [2, 45.0]]
    assert "val UAR" in lines_of(score)
    assert "train UAR" not in lines_of(score)
    figure.savefig(tmp_path / "curves.png")
    assert (tmp_path / "curves.png").stat().st_size > 5000


def test_training_curves_need_an_epoch():
    with pytest.raises(MienError, match="at least one epoch"):
        training_curves([])


def test_confusion_shows_shares_and_counts():
    figure = confusion_figure(np.array([[3, 1], [0, 0]]), ["anger", "fear"], "fake")
    (axes,) = figure.axes

    assert [t.get_text() for t in axes.texts] == ["75 %\n3", "25 %\n1", "0 %\n0", "0 %\n0"]
    np.testing.assert_allclose(axes.images[0].get_array(), [[0.75, 0.25], [0, 0]])
    assert axes.get_title() == "fake"


def test_confusion_must_fit_its_labels():
    with pytest.raises(MienError, match=r"\[2, 2\], got \[3, 3\]"):
        confusion_figure(np.zeros((3, 3), int), ["a", "b"])


def test_reliability_draws_every_bin():
    bins = [ReliabilityBin(10, 0.4, 0.3), ReliabilityBin(10, 0.9, 1.0)]
    (axes,) = reliability_figure(bins, ece=0.1).axes

    assert [[0.4, 0.3], [0.9, 1.0]] in [line.get_xydata().tolist() for line in axes.get_lines()]
    assert axes.get_title() == "ECE 10.0 %"
    with pytest.raises(MienError, match="at least one bin"):
        reliability_figure([])


def test_robustness_has_a_panel_per_kind_and_a_line_per_model(tmp_path):
    def curve(kind, values):
        return RobustnessCurve(kind=kind, unit="px", values=(1, 2), accuracy=values, uar=(0.1, 0.2))

    kinds = ("size", "blur", "noise", "shift")
    models = {"old": [curve(k, (0.5, 0.6)) for k in kinds], "new": [curve("blur", (0.7, 0.8))]}
    figure = robustness_figure(models)

    assert [axes.get_xlabel() for axes in figure.axes] == [f"{k} (px)" for k in kinds]
    assert lines_of(figure.axes[1]) == {"old": [[1, 50], [2, 60]], "new": [[1, 70], [2, 80]]}
    assert lines_of(figure.axes[0]) == {"old": [[1, 50], [2, 60]]}
    assert lines_of(robustness_figure(models, "uar").axes[0]) == {"old": [[1, 10], [2, 20]]}
    figure.savefig(tmp_path / "robustness.png")
    with pytest.raises(MienError, match="at least one curve"):
        robustness_figure({"empty": []})
