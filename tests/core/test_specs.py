import pytest
from pydantic import ValidationError

from mien.core.errors import MienError
from mien.core.labels import BASIC7
from mien.core.specs import AlignSpec, Calibration, InputSpec, LogitStatistics, ModelSpec, TrainingFacts

POINTS = ((0.3, 0.4), (0.7, 0.4), (0.5, 0.6), (0.35, 0.75), (0.65, 0.75))
SPEC = ModelSpec(
    name="tiny",
    method="baseline",
    labels=BASIC7.names,
    input=InputSpec(size_px=48, channels="gray", mean=(0.5,), std=(0.25,), align=AlignSpec(points=POINTS)),
    calibration=Calibration(temperature=1.3, fitted_on="100 samples"),
    unsure_below=0.4,
    basic_statistics=LogitStatistics(mean=(0.5,) * 7, std=(1.5,) * 7, fitted_on="100 samples"),
    training=TrainingFacts(recipe="r", recipe_hash="abc", seeds=(0, 1), selected_on="val", leaks=("a leak",)),
)


def test_a_model_spec_round_trips_through_json():
    text = SPEC.to_json()
    assert "\n" not in text
    assert ModelSpec.from_json(text) == SPEC
    assert SPEC.label_space == BASIC7


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "model.onnx: its ModelSpec is not valid: Invalid JSON"),
        ('{"name": "x"}', "method: is missing"),
        (
            SPEC.to_json().replace('"unsure_below"', '"unsure_belov"'),
            "unsure_belov: .*did you mean 'unsure_below'",
        ),
        (SPEC.to_json().replace('"size_px":48', '"size_px":0'), "input.size_px: .*got 0"),
        (SPEC.to_json().replace('"temperature":1.3', '"temperature":0'), "calibration.temperature"),
        (SPEC.to_json().replace('"mean":[0.5,0.5,', '"mean":[0.5,'), "basic_statistics needs one mean and"),
        (SPEC.to_json().replace('"std":[1.5,', '"std":[0.0,'), "basic_statistics.std.0: .*got 0"),
    ],
)
def test_bad_json_is_one_line_that_names_its_source(text, said):
    with pytest.raises(MienError, match=said) as caught:
        ModelSpec.from_json(text, "model.onnx")
    assert "\n" not in str(caught.value)


def test_means_must_fit_the_channels():
    with pytest.raises(ValidationError, match="rgb needs 3 means"):
        InputSpec(size_px=48, channels="rgb", mean=(0.5,), std=(0.25,))


def test_depth_range_goes_with_depth_alone():
    four = (0.5, 0.5, 0.5, 0.5)
    assert (
        InputSpec(size_px=48, channels="rgbd", mean=four, std=four, depth_range_mm=(400, 900)).n_channels == 4
    )
    with pytest.raises(ValidationError, match="depth_range_mm goes with channels 'rgbd'"):
        InputSpec(size_px=48, channels="rgbd", mean=four, std=four)
    with pytest.raises(ValidationError, match="depth_range_mm goes with channels 'rgbd'"):
        InputSpec(size_px=48, channels="gray", mean=(0.5,), std=(0.5,), depth_range_mm=(400, 900))
