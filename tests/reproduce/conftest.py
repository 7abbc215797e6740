"""Look-alikes of data sets and networks of seconds, for items that are trained."""

from __future__ import annotations

from pathlib import Path

import pytest

from mien.data.fake import write_fake
from mien.reproduce.scale import Scale

TINY_ARM = (
    "method.params={backbone: {name: test_resnet, stem: stride1_pool}, shuffle: 4}",
    "method.params.da_kernel=4",
    "method.params.da_stride=2",
    "input.size_px=48",
    "train.batch_size=16",
    "train.warmup_iters=0",
    "train.precision=fp32",
)
TINY_BACKBONE = (
    "method.params.backbone={name: test_resnet}",
    "input.size_px=32",
    "data.faces=ready",
    "train.batch_size=16",
    "train.warmup_iters=0",
    "train.precision=fp32",
)


@pytest.fixture(scope="session")
def fer2013(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_fake("fer2013", tmp_path_factory.mktemp("data") / "fer2013", n_per_class=8)


@pytest.fixture(scope="session")
def synthetic(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_fake("synthetic-rgbd", tmp_path_factory.mktemp("data") / "synthetic", n_per_class=5)


@pytest.fixture
def tiny_arm() -> Scale:
    return Scale("small", epochs=1, changes=TINY_ARM)


@pytest.fixture
def tiny_backbone() -> Scale:
    return Scale("small", epochs=1, changes=TINY_BACKBONE)
