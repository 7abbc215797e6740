from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mien.core.errors import MienError
from mien.core.labels import BASIC7
from mien.core.records import Sample
from mien.core.specs import Calibration, InputSpec, ModelSpec, TrainingFacts
from mien.data.crops import ready_crops
from mien.data.datasets import DATASETS, FaceDataset
from mien.engine.evaluate import copies_elsewhere, evaluate, probabilities_of
from mien.engine.mirrored import MirroredPredictor

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


def test_mirrored_averages_the_logits_of_both_views(dataset: FaceDataset) -> None:
    class LeftDouble(BrightnessDouble):
        """Looks at the left half alone."""

        def logits(self, batch: np.ndarray) -> np.ndarray:
            return super().logits(batch[..., :4])

    cropper = ready_crops(SPEC.input)
    halves = [np.hstack([np.full((8, 4), 45, np.uint8), np.full((8, 4), 105, np.uint8)])]  # classes 1 and 3
    both = MirroredPredictor(LeftDouble())
    assert both.spec is SPEC
    assert probabilities_of(LeftDouble(), halves).argmax() == 1
    assert probabilities_of(both, halves).argmax() == 2
    plain = evaluate(LeftDouble(), dataset, "test", cropper).report
    report = evaluate(LeftDouble(), dataset, "test", cropper, mirrored=True).report
    assert (plain.mirrored, report.mirrored) == (False, True)
    assert "mirror image" in report.notes[0]
    assert not any("mirror" in note for note in plain.notes)
    assert report.accuracy == evaluate(both, dataset, "test", cropper).report.accuracy


def test_labels_that_the_model_lacks_are_left_out_and_said(dataset: FaceDataset) -> None:
    narrow = BrightnessDouble()
    narrow.spec = SPEC.model_copy(update={"labels": BASIC7.names[:6]})
    narrow.logits = lambda batch: BrightnessDouble.logits(narrow, batch)[:, :6]
    report = evaluate(narrow, dataset, "test", ready_crops(SPEC.input)).report
    assert report.n == 25
    assert "4 samples left out" in report.notes[0]


def test_classes_that_no_sample_shows_are_said(dataset: FaceDataset) -> None:
    shown = [s for s in dataset.samples if s.split != "test" or s.label not in (1, 6)]
    narrow = FaceDataset(dataset.info, dataset.root, shown, dataset.labels)
    notes = evaluate(BrightnessDouble(), narrow, "test", ready_crops(SPEC.input)).report.notes
    assert notes == (
        f"no sample shows {BASIC7.names[1]}, {BASIC7.names[6]}: UAR is the mean recall over the other 5",
    )
    assert evaluate(BrightnessDouble(), dataset, "test", ready_crops(SPEC.input)).report.notes == ()


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


def test_people_and_their_groups_come_from_the_data(dataset: FaceDataset) -> None:
    def person(sample: Sample) -> Sample:
        number = int(sample.id[1:]) % 4 if sample.id[1:].isdigit() else 3
        meta = {"gender": "F" if number % 2 else "M", "age": 20 + 10 * number}
        return replace(sample, subject=f"p{number}", meta=meta)

    known = replace(dataset, samples=[person(s) for s in dataset.samples])
    scored = evaluate(BrightnessDouble(), known, "test", ready_crops(SPEC.input))
    report, predictions = scored.report, scored.predictions
    assert report.intervals.drawn == "subjects"
    assert set(predictions.subjects) == {"p0", "p1", "p2", "p3"}
    assert set(predictions.groups) == {"gender", "age_band"}
    by_name = {d.attribute: {g.group: g for g in d.groups} for d in report.demographics}
    assert by_name["gender"]["female"].n == 15
    assert by_name["gender"]["female"].n_subjects == 2
    assert by_name["age_band"]["20-39"].n == 14
    assert by_name["gender"]["male"].accuracy == 1.0
    plain = evaluate(BrightnessDouble(), dataset, "test", ready_crops(SPEC.input))
    assert (plain.predictions.subjects, plain.report.demographics) == ((), ())
    assert plain.report.intervals.drawn == "samples"


def test_sets_are_calibrated_on_a_split_that_is_not_reported(dataset: FaceDataset) -> None:
    cropper = ready_crops(SPEC.input)
    more = [Sample(f"v{i}", _picture(i % 7, 900 + i), i % 7, "val") for i in range(21)]
    with_val = replace(dataset, samples=[*dataset.samples, *more])
    report = evaluate(BrightnessDouble(), with_val, "test", cropper, sets_from="val").report
    assert [(c.score, c.n_calibration, c.n) for c in report.conformal] == [("lac", 21, 29), ("aps", 21, 29)]
    assert report.conformal[0].calibrated_on == "fer2013 val"
    assert not report.notes
    with pytest.raises(MienError, match="another split"):
        evaluate(BrightnessDouble(), with_val, "test", cropper, sets_from="test")
    with pytest.raises(MienError, match="it has: test, train, val"):
        evaluate(BrightnessDouble(), with_val, "test", cropper, sets_from="dev")

    selected = BrightnessDouble()
    facts = TrainingFacts(recipe="r", recipe_hash="", selected_on="fer2013 val")
    selected.spec = SPEC.model_copy(update={"training": facts})
    (note,) = evaluate(selected, with_val, "test", cropper, sets_from="val").report.notes
    assert "less often than they promise" in note
