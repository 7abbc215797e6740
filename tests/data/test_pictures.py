from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from mien.core.errors import InputError
from mien.data.pictures import is_picture, read_picture, to_grey


def encoded(ending: str, image: np.ndarray) -> bytes:
    return cv2.imencode(ending, image)[1].tobytes()


@pytest.fixture
def noise() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)


def test_colours_leave_as_rgb(tmp_path: Path, noise: np.ndarray) -> None:
    path = tmp_path / "é ü.png"
    path.write_bytes(encoded(".png", noise))
    assert np.array_equal(read_picture(path), noise[:, :, ::-1])


def test_a_grey_file_stays_grey(tmp_path: Path, noise: np.ndarray) -> None:
    path = tmp_path / "grey.png"
    path.write_bytes(encoded(".png", noise[:, :, 0]))
    assert np.array_equal(read_picture(path), noise[:, :, 0])


def test_luma_of_equal_channels_is_the_channel(noise: np.ndarray) -> None:
    grey = noise[:, :, 0]
    assert np.array_equal(to_grey(np.dstack([grey] * 3)), grey)


def test_an_array_is_handed_through(noise: np.ndarray) -> None:
    assert read_picture(noise) is noise


@pytest.mark.parametrize("ending", [".jpg", ".png"])
def test_a_file_cut_short_is_an_error(ending: str, tmp_path: Path, noise: np.ndarray) -> None:
    whole = encoded(ending, np.tile(noise, (8, 8, 1)))
    path = tmp_path / f"a{ending}"
    path.write_bytes(whole + b"\0\0")
    assert read_picture(path).shape == (160, 240, 3)
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match="cut short"):
        read_picture(path)


@pytest.mark.parametrize("content", [b"", b"hello"])
def test_no_picture_is_an_error(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"a\.jpg: not a picture"):
        read_picture(path)


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No such file"):
        read_picture(tmp_path / "a.jpg")


def test_endings() -> None:
    assert is_picture(Path("a.JPG"))
    assert not is_picture(Path("a.txt"))
    assert not is_picture(Path("._a.jpg"))
