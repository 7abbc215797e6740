from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mien.core.errors import MienError
from mien.core.labels import BASIC7
from mien.core.records import Sample
from mien.core.specs import Calibration, InputSpec, ModelSpec
from mien.data.crops import ready_crops
from mien.data.datasets import DATASETS, FaceDataset
from mien.engine.evaluate import copies_elsewhere, evaluate, probabilities_of

SPEC = ModelSpec(
    name="double",
    method="baseline",
    labels=BASIC7.names,
    input=InputSpec(size_px=8, channels="gray", mean=(0.0,), std=(1.0,)),
    calibration=Calibration(temperature=2.0),
)


class BrightnessDouble:
    """Says class k for a crop of brightness 30 k + 15."""

    spec = SPEC

    def logits(self, batch: np.ndarray) -> np.ndarray:
        level = (batch.mean((1, 2, 3)) * 255 - 15) / 30
        return -((level[:, None] - np.arange(7)) ** 2).astype(np.float32)


def _picture(label: int, seed: int) -> np.ndarray:
    noise = np.random.default_rng(seed).integers(-9, 10, (8, 8))
    noise -= round(noise.mean())
    return (30 * label + 15 + noise).clip(0, 255).astype(np.uint8)


@pytest.fixture
def dataset() -> FaceDataset:
    test = [Sample(f"t{i}", _picture(i % 7, i), i % 7, "test") for i in range(28)]
    wrong = Sample("t-wrong", _picture(3, 90), 4, "test")
    train = [Sample("n0", _picture(1, 500), 1, "train"), Sample("n1", test[5].image, 5, "train")]
    return FaceDataset(DATASETS["fer2013"], Path("nowhere"), [*train, *test, wrong], BASIC7)


def test_counts_what_is_right_and_what_is_not(dataset: FaceDataset) -> None:
    report = evaluate(BrightnessDouble(), dataset, "test", ready_crops(SPEC.input)).report
    assert (report.n, report.n_detected) == (29, 29)
    assert report.accuracy == pytest.approx(28 / 29)
    assert report.confusion[4][3] == 1


def test_second_figure_leaves_copies_out(dataset: FaceDataset) -> None:
    assert copies_elsewhere(dataset, "test") == {"t5"}
    report = evaluate(BrightnessDouble(), dataset, "test", ready_crops(SPEC.input)).report
    assert report.second["without_duplicates"].n == 28
    assert report.second["without_duplicates"].accuracy == pytest.approx(27 / 28)


def test_a_missed_face_counts_against_the_score(dataset: FaceDataset) -> None:
    cropper = ready_crops(SPEC.input)

    def misses_one(sample: Sample) -> tuple[np.ndarray, bool]:
        crop, found = cropper(sample)
        return crop, found and sample.id != "t0"

    report = evaluate(BrightnessDouble(), dataset, "test", misses_one).report
    assert (report.n, report.n_detected) == (29, 28)
    assert report.accuracy == pytest.approx(27 / 29)


def test_temperature_is_applied() -> None:
    crops = [_picture(k, k) for k in range(7)]
    warm = probabilities_of(BrightnessDouble(), crops)
    cold = BrightnessDouble()
    cold.spec = SPEC.model_copy(update={"calibration": Calibration(temperature=1.0)})
    sharp = probabilities_of(cold, crops)
    assert np.allclose(warm.sum(1), 1)
    assert np.allclose(np.log(warm / warm[:, :1]), np.log(sharp / sharp[:, :1]) / 2)


def test_batch_size_changes_nothing() -> None:
    crops = [_picture(k % 7, k) for k in range(10)]
    one = probabilities_of(BrightnessDouble(), crops, 1)
    assert np.allclose(one, probabilities_of(BrightnessDouble(), crops, 64), atol=1e-7)


def test_robustness_starts_undisturbed_and_falls(dataset: FaceDataset) -> None:
    report = evaluate(BrightnessDouble(), dataset, "test", ready_crops(SPEC.input), robustness=True).report
    curves = {curve.kind: curve for curve in report.robustness}
    assert all(curve.accuracy[0] == pytest.approx(report.accuracy) for curve in curves.values())
    assert curves["brightness"].accuracy[1] < report.accuracy


def test_labels_that_the_model_lacks_are_left_out_and_said(dataset: FaceDataset) -> None:
    narrow = BrightnessDouble()
    narrow.spec = SPEC.model_copy(update={"labels": BASIC7.names[:6]})
    narrow.logits = lambda batch: BrightnessDouble.logits(narrow, batch)[:, :6]
    report = evaluate(narrow, dataset, "test", ready_crops(SPEC.input)).report
    assert report.n == 25
    assert "4 samples left out" in report.notes[0]


def test_unknown_split_names_the_known_ones(dataset: FaceDataset) -> None:
    with pytest.raises(MienError, match="it has: test, train"):
        evaluate(BrightnessDouble(), dataset, "PrivateTest", ready_crops(SPEC.input))


@pytest.mark.parametrize(
    ("optional", "said"), [(True, "as it was trained to"), (False, "which it was not trained to")]
)
def test_missing_depth_is_said(dataset: FaceDataset, optional: bool, said: str) -> None:
    seeing = BrightnessDouble()
    seeing.spec = SPEC.model_copy(
        update={
            "input": InputSpec(
                size_px=8, channels="rgbd", mean=(0.0,) * 4, std=(1.0,) * 4, depth_range_mm=(400, 800)
            ),
            "depth_optional": optional,
        }
    )
    report = evaluate(seeing, dataset, "test", ready_crops(seeing.spec.input)).report
    assert report.notes == (f"29 samples have no depth: the model judged them by colour alone, {said}",)
