"""Crops are decoded once, never served stale, and made anew when what was kept is damaged."""

import json
import os

import cv2
import numpy as np
import pytest

from mien.core.errors import MienError
from mien.core.records import Sample
from mien.core.specs import InputSpec
from mien.data.batches import pack
from mien.data.crops import ready_crops

SPEC = InputSpec(size_px=8, channels="rgb", mean=(0.5,) * 3, std=(0.25,) * 3)
SMALLER = SPEC.model_copy(update={"size_px": 12})


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("MIEN_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "packed"


@pytest.fixture
def samples(tmp_path):
    made, rng = [], np.random.default_rng(0)
    for i in range(5):
        path = tmp_path / f"{i}.png"
        cv2.imwrite(str(path), rng.integers(0, 256, (16, 16, 3), dtype=np.uint8))
        made.append(Sample(f"s{i}", path, i % 2, "train"))
    return made


class Counting:
    """Cuts crops and counts them; says of the second face that it was missed."""

    def __init__(self, spec=SPEC):
        self.n, self.plain = 0, ready_crops(spec)

    def __call__(self, sample):
        self.n += 1
        return self.plain(sample)[0], sample.id != "s1"


def packed(samples, how="ready", spec=SPEC):
    """What was packed, and how many pictures were decoded for it."""
    cropper = Counting(spec)
    return pack(samples, 2, spec, cropper, crops=how), cropper.n


def entries(cache):
    return sorted(cache.glob("*.npy"))


def test_pictures_are_decoded_once(cache, samples):
    direct = pack(samples, 2, SPEC, Counting())
    assert not cache.exists()
    for n_decoded in (5, 0, 0):
        kept, n = packed(samples)
        assert n == n_decoded
        np.testing.assert_array_equal(kept.images, direct.images)
        assert kept.detected.tolist() == direct.detected.tolist() == [True, False, True, True, True]
        assert kept.ids == direct.ids
    assert len(entries(cache)) == 1


def test_what_is_written_to_a_part_stays_in_memory(cache, samples):
    first, _ = packed(samples)
    before = first.images.clone()
    first.images.zero_()
    again, n = packed(samples)
    assert n == 0
    np.testing.assert_array_equal(again.images, before)


def test_a_bar_hears_of_every_picture(cache, samples):
    for _ in range(2):
        heard = []
        pack(samples, 2, SPEC, Counting(), on_sample=lambda heard=heard: heard.append(1), crops="ready")
        assert len(heard) == 5


def change_a_file(samples):
    path = samples[0].image
    cv2.imwrite(str(path), np.zeros((16, 16, 3), np.uint8))
    os.utime(path, ns=(1, 1))
    return samples, {}


@pytest.mark.parametrize(
    "changed",
    [
        change_a_file,
        lambda samples: (samples[::-1], {}),
        lambda samples: (samples[:4], {}),
        lambda samples: (samples, {"how": "yunet 1"}),
        lambda samples: (samples, {"spec": SMALLER}),
        lambda samples: (samples, {"spec": SPEC.model_copy(update={"equalise": True})}),
    ],
    ids=["file", "order", "fewer", "detector", "size", "light"],
)
def test_what_changes_the_crops_is_decoded_again(cache, samples, changed):
    packed(samples)
    others, told = changed(samples)
    kept, n = packed(others, **told)
    assert n == len(others)
    direct = pack(others, 2, told.get("spec", SPEC), Counting(told.get("spec", SPEC)))
    np.testing.assert_array_equal(kept.images, direct.images)
    assert len(entries(cache)) == 2


def test_the_normalisation_changes_no_crop(cache, samples):
    packed(samples)
    _, n = packed(samples, spec=SPEC.model_copy(update={"mean": (0.4,) * 3}))
    assert n == 0


def flip_a_byte(data, facts):
    content = bytearray(data.read_bytes())
    content[-3] ^= 1
    data.write_bytes(content)


@pytest.mark.parametrize(
    "damage",
    [
        flip_a_byte,
        lambda data, facts: data.write_bytes(data.read_bytes()[:-100]),
        lambda data, facts: data.write_bytes(b""),
        lambda data, facts: data.write_bytes(b"nothing of the kind"),
        lambda data, facts: facts.write_text("{"),
        lambda data, facts: facts.write_text("[]"),
        lambda data, facts: facts.write_text(json.dumps({"crc32": 0, "missed": []})),
        lambda data, facts: facts.write_text(json.loads(facts.read_text()) and "null"),
    ],
    ids=["bit", "cut", "empty", "other", "half json", "list", "sum", "null"],
)
def test_a_damaged_entry_is_made_anew(cache, samples, damage, caplog):
    first, _ = packed(samples)
    before = first.images.clone()
    del first
    (data,) = entries(cache)
    damage(data, data.with_suffix(".json"))
    kept, n = packed(samples)
    assert n == 5
    assert "damaged" in caplog.text
    np.testing.assert_array_equal(kept.images, before)
    assert packed(samples)[1] == 0


def test_an_interrupted_entry_counts_for_nothing(cache, samples):
    class Stopped(Exception):
        pass

    def stops(sample):
        if sample.id == "s3":
            raise Stopped
        return ready_crops(SPEC)(sample)

    with pytest.raises(Stopped):
        pack(samples, 2, SPEC, stops, crops="ready")
    assert list(cache.iterdir()) == []
    assert packed(samples)[1] == 5


def test_without_a_place_to_write_training_goes_on(tmp_path, samples, monkeypatch, caplog):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("MIEN_CACHE", str(tmp_path / "file"))
    kept, n = packed(samples)
    assert n == 5
    assert "crops are not kept" in caplog.text
    np.testing.assert_array_equal(kept.images, pack(samples, 2, SPEC, Counting()).images)


def test_pictures_in_memory_are_not_kept(cache):
    picture = np.zeros((8, 8, 3), np.uint8)
    _, n = packed([Sample("s", picture, 0, "train")])
    assert n == 1
    assert not cache.exists()


def test_the_oldest_make_room(cache, samples, monkeypatch):
    monkeypatch.setenv("MIEN_PACKED_GB", str(2.5 * 5 * 3 * 8 * 8 / 2**30))
    packed(samples, "first")
    packed(samples, "second")
    for i, facts in enumerate(sorted(cache.glob("*.json"), key=lambda path: path.stat().st_mtime_ns)):
        os.utime(facts, (i + 1, i + 1))
    assert packed(samples, "first")[1] == 0  # used, so the other one is the oldest
    packed(samples, "third")
    assert packed(samples, "first")[1] == 0
    assert packed(samples, "second")[1] == 5


def test_what_killed_trainings_left_is_removed_after_a_day(cache, samples):
    cache.mkdir(parents=True)
    left = [cache / "a.npy.123.tmp", cache / "b.npy"]
    fresh = [cache / "c.npy.124.tmp", cache / "d.npy"]
    for path in (*left, *fresh):
        path.write_bytes(b"half")
    for path in left:
        os.utime(path, (1, 1))
    packed(samples)
    assert not any(path.exists() for path in left)
    assert all(path.exists() for path in fresh)


@pytest.mark.parametrize(("limit", "n"), [("0", 5), ("1e-9", 5)])
def test_a_limit_that_nothing_fits_keeps_nothing(cache, samples, monkeypatch, limit, n):
    monkeypatch.setenv("MIEN_PACKED_GB", limit)
    for _ in range(2):
        assert packed(samples)[1] == n


@pytest.mark.parametrize("given", ["much", "inf", "nan"])
def test_a_limit_is_a_number(samples, monkeypatch, given):
    monkeypatch.setenv("MIEN_PACKED_GB", given)
    with pytest.raises(MienError, match=f"MIEN_PACKED_GB is a number of gigabytes, not '{given}'"):
        packed(samples)


def test_a_missing_picture_is_told_as_ever(cache, samples):
    samples[2].image.unlink()
    with pytest.raises(MienError, match=r"2\.png"):
        packed(samples)
