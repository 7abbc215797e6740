import numpy as np

from mien.data.depth_cleaning import fill_small_holes, largest_component, measured_box


def tilted():
    row, column = np.mgrid[:40, :50]
    return (600 + 1.5 * row - 0.7 * column).astype(np.float32)


def test_small_holes_are_filled_as_the_plane_around_them():
    whole = tilted()
    holed = whole.copy()
    holed[5:8, 6:10] = 0  # 12
    holed[20, 20] = 0
    holed[25:31, 30:36] = 0  # 36: too large
    holed[0:2, 40:43] = 0  # open to the border
    filled = fill_small_holes(holed, 12)
    np.testing.assert_allclose(filled[5:8, 6:10], whole[5:8, 6:10], atol=0.01)
    np.testing.assert_allclose(filled[20, 20], whole[20, 20], atol=0.01)
    assert not filled[25:31, 30:36].any()
    assert not filled[0:2, 40:43].any()
    untouched = holed > 0
    np.testing.assert_array_equal(filled[untouched], whole[untouched])
    assert holed[20, 20] == 0
    np.testing.assert_array_equal(fill_small_holes(holed, 0), holed)
    assert fill_small_holes(holed, 36)[28, 33] > 0


def test_two_holes_with_a_corner_in_common_are_two():
    holed = tilted()
    holed[10, 10] = holed[11, 11] = 0
    assert (fill_small_holes(holed, 1) > 0).all()


def test_nothing_measured_stays_nothing():
    empty = np.zeros((6, 7), np.float32)
    assert not fill_small_holes(empty, 100).any()
    assert not largest_component(empty).any()
    assert measured_box(empty)[2:] == (0, 0)


def test_the_largest_piece_stays_and_its_box_is_tight():
    depth = np.zeros((30, 40), np.float32)
    depth[5:20, 8:21] = 700
    depth[20, 21] = 710  # touches by its corner
    depth[25:28, 30:38] = 600
    kept = largest_component(depth)
    np.testing.assert_array_equal(kept[:21, :22], depth[:21, :22])
    assert not kept[25:].any()
    assert measured_box(kept) == (8, 5, 14, 16)
    np.testing.assert_array_equal(largest_component(kept), kept)
