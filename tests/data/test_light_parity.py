"""A network sees the same while learning and at run time, to the last bit, whatever its input asks for."""

import numpy as np
import pytest

from mien.core.records import Face, Sample
from mien.core.specs import AlignSpec, InputSpec
from mien.data.batches import pack
from mien.data.crops import found_faces, ready_crops
from mien.data.transforms import normalise
from mien.faces.align import align_face
from mien.faces.preprocess import ready_crop, to_batch

POINTS = ((0.3, 0.4), (0.7, 0.4), (0.5, 0.6), (0.35, 0.75), (0.65, 0.75))
INPUTS = [
    {},
    {"homomorphic": True},
    {"equalise": True},
    {"homomorphic": True, "equalise": True, "central": 0.8},
    {"enlarge": "cubic", "equalise": True},
]


def spec_of(channels: str, changes: dict[str, object]) -> InputSpec:
    n = 1 if channels == "gray" else 3
    base = InputSpec(
        size_px=40, channels=channels, mean=(0.43,) * n, std=(0.21,) * n, align=AlignSpec(points=POINTS)
    )
    return base.model_copy(update=changes)


@pytest.fixture
def pictures() -> list[np.ndarray]:
    """Of several sizes, larger and smaller than the crop, one of them the crop's own."""
    rng = np.random.default_rng(3)
    return [
        np.clip(rng.normal(110, 40, shape), 0, 255).astype(np.uint8)
        for shape in ((96, 96, 3), (30, 30, 3), (40, 40, 3), (50, 50))
    ]


@pytest.mark.parametrize("changes", INPUTS)
@pytest.mark.parametrize("channels", ["gray", "rgb"])
def test_ready_made_crops(channels, changes, pictures):
    spec = spec_of(channels, changes)
    samples = [Sample(str(i), image, 0, "train") for i, image in enumerate(pictures)]
    learnt = normalise(pack(samples, 2, spec, ready_crops(spec)).images, spec).numpy()
    scored = to_batch([ready_crops(spec)(sample)[0] for sample in samples], spec)
    np.testing.assert_array_equal(learnt, scored)
    np.testing.assert_array_equal(learnt, to_batch([ready_crop(image, spec) for image in pictures], spec))


@pytest.mark.parametrize("changes", INPUTS)
@pytest.mark.parametrize("channels", ["gray", "rgb"])
def test_faces_cut_out_of_photographs(channels, changes, pictures):
    spec = spec_of(channels, changes)
    faces = [
        Face((0, 0, 20, 20), 1.0, np.array(POINTS, np.float32) * side + 3)
        for side in (60.0, 20.0, 33.0, 41.0)
    ]
    samples = [
        Sample(str(i), image, 0, "train", face=face)
        for i, (image, face) in enumerate(zip(pictures, faces, strict=True))
    ]
    cropper = found_faces(spec, detector=None)  # the set gives every face
    learnt = normalise(pack(samples, 2, spec, cropper).images, spec).numpy()
    aligned = [align_face(image, face.points, spec) for image, face in zip(pictures, faces, strict=True)]
    np.testing.assert_array_equal(learnt, to_batch(aligned, spec))
