"""Depth beside pictures: found, read, cut out with the face, and what happens where there is none."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from mien.core.errors import InputError, MienError
from mien.core.labels import BASIC7
from mien.core.records import DEPTH_FULL
from mien.core.specs import AlignSpec, InputSpec, ModelSpec
from mien.runtime.analyze_image import analyze_image
from mien.runtime.depth import DepthFolder, depth_reader, read_depth_picture, without_depth_note

ALIGN = AlignSpec(points=((0.3, 0.4), (0.7, 0.4), (0.5, 0.6), (0.35, 0.8), (0.65, 0.8)))


def spec(optional: bool = False, channels: str = "rgbd") -> ModelSpec:
    n, depth_range = (4, (400.0, 800.0)) if channels == "rgbd" else (3, None)
    return ModelSpec(
        name="rgbd",
        method="test",
        labels=BASIC7.names,
        depth_optional=optional,
        input=InputSpec(
            size_px=8,
            channels=channels,
            mean=(0.0,) * n,
            std=(1.0,) * n,
            depth_range_mm=depth_range,
            align=ALIGN,
        ),
    )


class DepthPredictor:
    """Its first logit is the mean of the depth plane, 0..1."""

    def __init__(self, optional: bool = False) -> None:
        self.spec = spec(optional)

    def logits(self, batch: np.ndarray) -> np.ndarray:
        scores = np.zeros((len(batch), 7), np.float32)
        scores[:, 0] = batch[:, 3].mean((1, 2))
        return scores


def write_depth(path: Path, value: int, size: tuple[int, int] = (120, 160)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.full(size, value, np.uint16))
    return path


def first_share(mean_depth: float) -> float:
    return float(np.exp(mean_depth) / (np.exp(mean_depth) + 6))


def test_the_longest_common_end_of_the_path_wins(tmp_path: Path) -> None:
    deep, shallow = write_depth(tmp_path / "d/a/1.png", 500), write_depth(tmp_path / "d/1.tif", 600)
    folder = DepthFolder(tmp_path / "d")
    assert folder.find(Path("photos/a/1.jpg")) == deep
    assert folder.find(Path("/abs/photos/b/1.jpeg")) == shallow
    assert folder.find(Path("photos/a/2.jpg")) is None


def test_steps_become_millimetres(tmp_path: Path) -> None:
    plane = read_depth_picture(write_depth(tmp_path / "1.png", 5000), 0.1)
    assert plane.dtype == np.float32
    assert plane.max() == plane.min() == pytest.approx(500.0)


@pytest.mark.parametrize("content", [b"", b"no picture", None])
def test_a_depth_picture_that_cannot_be_read_is_named(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "1.png"
    if content is None:
        cv2.imwrite(str(path), np.zeros((4, 4, 3), np.uint8))
    else:
        path.write_bytes(content)
    with pytest.raises(InputError, match=r"its depth .*1\.png: "):
        read_depth_picture(path)


def test_wrong_folder_or_unit(tmp_path: Path) -> None:
    with pytest.raises(MienError, match="no such folder"):
        DepthFolder(tmp_path / "absent")
    with pytest.raises(MienError, match="--depth-unit"):
        DepthFolder(tmp_path, 0.0)


def test_a_model_that_needs_depth_is_refused_without_a_folder_and_one_that_does_not_says_so() -> None:
    assert depth_reader(spec(channels="rgb"), None) is None
    with pytest.raises(MienError, match="--depth DIR"):
        depth_reader(spec(), None)
    read = depth_reader(spec(optional=True), None)
    assert read is not None
    assert read(Path("a.jpg")) is None
    assert "colour alone" in without_depth_note(spec(optional=True), None)
    assert without_depth_note(spec(channels="rgb"), None) == ""


def test_depth_reaches_the_model(tmp_path, analyze, sink, save_picture) -> None:
    picture = save_picture(tmp_path / "in/a.png")
    height, width = cv2.imread(str(picture)).shape[:2]
    write_depth(tmp_path / "d/a.png", 600, (height, width))
    analyze(tmp_path / "in", sinks=[sink], predictor=DepthPredictor(), depth=DepthFolder(tmp_path / "d"))
    assert [r.status for r in sink.results] == ["ok"]
    level = round(0.5 * DEPTH_FULL) / DEPTH_FULL  # 600 mm is the middle of the model's range
    assert sink.results[0].probabilities[0] == pytest.approx(first_share(level), abs=1e-5)


@pytest.mark.parametrize("optional", [False, True])
def test_a_picture_without_depth_is_an_error_row_or_judged_by_colour(
    tmp_path, analyze, sink, save_picture, optional
) -> None:
    save_picture(tmp_path / "in/a.png")
    (tmp_path / "d").mkdir()
    analyze(
        tmp_path / "in", sinks=[sink], predictor=DepthPredictor(optional), depth=DepthFolder(tmp_path / "d")
    )
    (row,) = sink.results
    if optional:
        assert row.status == "ok"
        assert row.probabilities[0] == pytest.approx(1 / 7)
    else:
        assert row.status == "error"
        assert "no depth for it" in row.error


def test_depth_of_another_size_is_an_error_row(tmp_path, analyze, sink, save_picture) -> None:
    save_picture(tmp_path / "in/a.png")
    write_depth(tmp_path / "d/a.png", 600, (10, 10))
    analyze(tmp_path / "in", sinks=[sink], predictor=DepthPredictor(), depth=DepthFolder(tmp_path / "d"))
    assert sink.results[0].status == "error"
    assert "pixel for pixel" in sink.results[0].error


def test_one_picture_with_its_depth(picture, detector) -> None:
    image = picture([(40, 40)])
    depth = np.full(image.shape[:2], 400.0, np.float32)
    (row,) = analyze_image(image, DepthPredictor(), detector, depth=depth)
    assert row.probabilities[0] == pytest.approx(first_share(1 / DEPTH_FULL), abs=1e-6)
    with pytest.raises(InputError, match="cannot do without"):
        analyze_image(image, DepthPredictor(), detector)
    (row,) = analyze_image(image, DepthPredictor(optional=True), detector)
    assert row.probabilities[0] == pytest.approx(1 / 7)


@pytest.mark.parametrize("optional", [False, True])
def test_a_video_has_no_depth_even_where_a_picture_has_its_name(
    tmp_path, analyze, sink, save_video, moving_faces, optional
) -> None:
    save_video(tmp_path / "clip.mp4", moving_faces[:3])
    write_depth(tmp_path / "d/clip.png", 600, moving_faces[0].shape[:2])
    analyze(
        tmp_path / "clip.mp4",
        sinks=[sink],
        predictor=DepthPredictor(optional),
        depth=DepthFolder(tmp_path / "d"),
    )
    assert {row.status for row in sink.results} == ({"ok"} if optional else {"error"})
    if optional:
        assert all(row.probabilities[0] == pytest.approx(1 / 7) for row in sink.results)
    else:
        assert "a video has none" in sink.results[0].error
