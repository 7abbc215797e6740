"""Figures of explanations."""

import cv2
import numpy as np
import pytest

from mien.core.errors import MienError
from mien.core.labels import COMPOUND11
from mien.plots.class_values import class_values_figure
from mien.plots.embedding import embedding_figure
from mien.plots.overlay import SheetRow, overlay, sheet
from mien.plots.png import figure_png, picture_png
from mien.plots.similarity import similarity_figure


def decoded(png: bytes) -> np.ndarray:
    return cv2.cvtColor(cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)


def test_an_overlay_is_red_at_1_and_blue_at_0_and_nothing_beside_the_map():
    picture = np.full((2, 3), 100, np.uint8)
    values = np.array([[0, 1, np.nan]] * 2, np.float32)
    found = overlay(picture, values)
    assert found.shape == (2, 3, 3)
    assert found[0, 1, 0] > found[0, 1, 2] + 30
    assert found[0, 0, 2] > found[0, 0, 1]
    assert found[0, 2].tolist() == [100, 100, 100]
    assert overlay(picture, values, opacity=0)[0, 1].tolist() == [100, 100, 100]
    with pytest.raises(MienError, match="does not lie on"):
        overlay(picture, values[:1])


def test_a_sheet_has_a_cell_for_each_picture_and_its_words():
    red, blue = np.zeros((2, 8, 8, 3), np.uint8)
    red[..., 0], blue[..., 2] = 250, 250
    rows = [SheetRow("anger", (red, None)), SheetRow("", (blue, red[..., 0]))]
    found = sheet(rows, ("face", "map"), cell_px=40)
    assert (found == [250, 0, 0]).all(2).sum() == 40 * 40
    assert (found == [0, 0, 250]).all(2).sum() == 40 * 40
    assert (found == 250).all(2).sum() >= 40 * 40  # grey
    assert (found[:26].min(axis=(0, 2)) < 128).any()  # the columns' names
    np.testing.assert_array_equal(decoded(picture_png(found)), found)
    with pytest.raises(MienError, match="at least one row"):
        sheet([])


def test_an_embedding_has_a_panel_for_each_checkpoint_and_every_point():
    rng = np.random.default_rng(0)
    layouts = {"epoch 2": rng.normal(size=(9, 2)), "epoch 6": rng.normal(size=(9, 2))}
    truth = np.repeat([0, 2], [4, 5])
    figure = embedding_figure(layouts, truth, ("anger", "fear", "surprise"))
    assert [axes.get_title() for axes in figure.axes] == list(layouts)
    drawn = [np.concatenate([c.get_offsets() for c in axes.collections]) for axes in figure.axes]
    np.testing.assert_allclose(drawn[1], layouts["epoch 6"])
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["anger", "surprise"]
    names = (*COMPOUND11.names, "neutral")
    wide = embedding_figure({"best": rng.normal(size=(24, 2))}, np.arange(24) % 12, names)
    wide.draw_without_rendering()
    assert wide.legends[0].get_window_extent().x0 >= 0  # no name is cut off
    assert decoded(figure_png(figure)).shape[2] == 3
    with pytest.raises(MienError, match="at least one layout"):
        embedding_figure({}, truth, ("anger", "fear", "surprise"))


def test_class_values_are_written_and_gaps_left_empty():
    values = np.array([[0.1, 0.25], [np.nan, np.nan]])
    (axes, _) = class_values_figure(values, ("anger", "fear"), ("1", "2")).axes
    assert [text.get_text() for text in axes.texts] == ["0.1", "0.25"]
    for wrong in (values[:1], np.full((2, 2), np.nan)):
        with pytest.raises(MienError, match="values are needed"):
            class_values_figure(wrong, ("anger", "fear"), ("1", "2"))


def test_similarity_bars_of_each_group_add_up():
    counts = np.zeros((2, 2, 3), np.int64)
    counts[0, 0], counts[0, 1], counts[1, 1] = [0, 1, 3], [5, 0, 0], [0, 0, 2]
    figure = similarity_figure(np.linspace(0, 1, 4), counts, ("anger", "fear"))
    anger, fear = figure.axes
    assert [p.get_data().values.tolist() for p in anger.patches] == [[0, 25, 75], [100, 0, 0]]
    assert len(fear.patches) == 1  # of the others there are none
    with pytest.raises(MienError, match="2 labels need counts"):
        similarity_figure(np.linspace(0, 1, 4), counts[:1], ("anger", "fear"))
