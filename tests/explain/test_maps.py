import numpy as np

from mien.explain.maps import ClassMeans, enlarged, to_unit


def test_a_map_goes_from_its_least_to_its_largest_value():
    np.testing.assert_allclose(to_unit(np.array([[1.0, 2], [3, 5]], np.float32)), [[0, 0.25], [0.5, 1]])
    tiny = to_unit(np.array([[1e-9, 3e-9]], np.float32))  # of a model that is sure, gradients are small
    np.testing.assert_allclose(tiny, [[0, 1]])
    assert to_unit(np.array([[-4.0, -1], [0, 2]], np.float32)).tolist() == [[0, 0], [0, 1]]
    for flat in (0.0, 3.0, -2.0):
        assert not to_unit(np.full((3, 3), flat, np.float32)).any()


def test_enlarged_keeps_the_place():
    plane = np.zeros((3, 3), np.float32)
    plane[0, 2] = 1
    large = enlarged(plane, 30)
    assert large.shape == (30, 30)
    assert large[:10, 20:].mean() > 0.5
    assert large[15:].max() == 0


def test_means_of_each_class():
    means = ClassMeans(3)
    for label, value in ((0, 1.0), (2, 4.0), (0, 3.0)):
        means.add(label, np.full((2, 2), value))
    assert means.counts.tolist() == [2, 0, 1]
    found = means.means()
    assert found[0].tolist() == [[2, 2], [2, 2]]
    assert np.isnan(found[1]).all()
    assert found[2].tolist() == [[4, 4], [4, 4]]
