import numpy as np
import pytest

from mien.core.records import Sample
from mien.data.eightfold import WAYS, alter, altering, origin, with_altered


def test_eight_of_one_with_everything_else_as_it_was():
    sample = Sample("KA.AN1.39", np.zeros((4, 4), np.uint8), 1, "all", subject="KA", meta={"age": 20})
    made = with_altered([sample])
    assert len({s.id for s in made}) == 8
    assert {(s.label, s.subject, s.meta["age"], origin(s)) for s in made} == {(1, "KA", 20, "KA.AN1.39")}
    assert {abs(int(way.removeprefix("turned"))) for way in WAYS[1:]} == {5, 10, 15}


@pytest.mark.parametrize("shape", [(21, 21), (21, 21, 3), (21, 21, 4)])
def test_turned_and_turned_back_is_nearly_the_same(shape):
    rng = np.random.default_rng(0)
    small = rng.integers(50, 200, (3, 3, *shape[2:]))
    crop = np.kron(small, np.ones((7, 7, *[1] * (len(shape) - 2)), int))
    crop = crop.astype(np.int16 if shape[2:] == (4,) else np.uint8)
    assert np.array_equal(alter(alter(crop, "mirrored"), "mirrored"), crop)
    for degrees in (5, 10, 15):
        turned = alter(crop, f"turned+{degrees}")
        assert (turned.shape, turned.dtype) == (crop.shape, crop.dtype)
        assert not np.array_equal(turned, crop)
        back = alter(turned, f"turned-{degrees}")[9:12, 9:12]
        if shape[2:] == (4,):  # depth is never mixed
            assert np.array_equal(back[..., 3], crop[9:12, 9:12, 3])
        assert abs(back.astype(int) - crop[9:12, 9:12]).max() <= 1


def test_it_turns_about_the_middle_by_the_angle():
    crop = np.zeros((61, 61), np.uint8)
    crop[30, 50] = 255  # 20 px to the right of the middle
    y, x = np.unravel_index(alter(crop, "turned+15").argmax(), crop.shape)
    assert (x - 30, 30 - y) == (19, 5)  # 20 cos 15, 20 sin 15: counter-clockwise


def test_a_cropper_alters_copies_alone():
    sample = Sample("a", np.arange(16, dtype=np.uint8).reshape(4, 4), 0, "all")
    cropper = altering(lambda s: (s.image, True))
    plain, mirrored = (cropper(s)[0] for s in with_altered([sample])[:2])
    assert np.array_equal(plain, sample.image)
    assert np.array_equal(mirrored, sample.image[:, ::-1])
