import numpy as np
import pytest

from mien.core.errors import InputError
from mien.data.bnt import read_bnt


def places_of(bump):
    """Where the points are in the photograph, counted from its top left corner."""
    return np.stack([0.5 + bump.points[..., 0] / 200, 0.5 - bump.points[..., 1] / 250], axis=-1)


def hole_of(bump):
    hole = np.zeros(bump.points.shape[:2], bool)
    hole[:4], hole[20:23, 5:9] = True, True
    return hole


@pytest.mark.parametrize("counted_from", ["top", "bottom"])
def test_a_grid_is_read_top_row_first_however_heights_are_counted(bump, tmp_path, counted_from):
    places, hole = places_of(bump), hole_of(bump)
    stored = places if counted_from == "top" else places * (1, -1) + (0, 1)
    path = tmp_path / "bs000_N_N_0.bnt"
    path.write_bytes(bump.bnt(stored, hole, "bs000_N_N_0.png"))
    grid = read_bnt(path)
    assert grid.picture == "bs000_N_N_0.png"
    assert np.isnan(grid.points[hole]).all()
    assert np.isnan(grid.places[hole]).all()
    np.testing.assert_array_equal(grid.points[~hole], bump.points[~hole])
    np.testing.assert_allclose(grid.places[~hole], places[~hole], atol=1e-12)
    assert grid.points[5, 0, 1] > grid.points[-1, 0, 1]


@pytest.mark.parametrize("n", [0, 1, 13, 16, 21, 500, -1, -8])
def test_a_grid_cut_anywhere_is_one_line(bump, tmp_path, n):
    path = tmp_path / "cut.bnt"
    path.write_bytes(bump.bnt(places_of(bump), hole_of(bump))[:n])
    with pytest.raises(InputError, match="cut short"):
        read_bnt(path)


def test_what_is_no_grid_is_one_line(bump, tmp_path):
    path = tmp_path / "bad.bnt"
    good = bump.bnt(places_of(bump), hole_of(bump))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    with pytest.raises(InputError, match="no Bosphorus point grid"):
        read_bnt(path)
    path.write_bytes(good + b"more")
    with pytest.raises(InputError, match="too long"):
        read_bnt(path)
    path.write_bytes(bump.bnt(places_of(bump) * 300, hole_of(bump)))
    with pytest.raises(InputError, match="shares of it, 0 to 1"):
        read_bnt(path)
    path.write_bytes(bump.bnt(places_of(bump), np.ones_like(hole_of(bump))))
    with pytest.raises(InputError, match="all points are background"):
        read_bnt(path)
    places = places_of(bump)
    places[30, 30] = np.nan
    path.write_bytes(bump.bnt(places, hole_of(bump)))
    with pytest.raises(InputError, match=r"1 of \d+ points are not finite"):
        read_bnt(path)
    with pytest.raises(InputError, match="No such file"):
        read_bnt(tmp_path / "none.bnt")
