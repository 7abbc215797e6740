from __future__ import annotations

import pytest

from mien.data.datasets import DATASETS
from mien.data.published import PUBLISHED_CLASSES, published_classes


@pytest.mark.parametrize("name", PUBLISHED_CLASSES)
def test_classes_add_up_to_the_published_splits(name: str) -> None:
    """A slip of the pen in a table would make it belong to no form of its set."""
    info = DATASETS[name]
    first = PUBLISHED_CLASSES[name][0]
    assert published_classes(name, info.splits) == first
    for classes in first.values():
        assert set(classes) == set(info.labels.names if info.labels else ())


def test_the_folder_form_of_fer2013_has_its_own_table() -> None:
    found = published_classes("fer2013", {"train": 28_709, "test": 7_178})
    csv_form = PUBLISHED_CLASSES["fer2013"][0]
    joined = {k: csv_form["PublicTest"][k] + csv_form["PrivateTest"][k] for k in csv_form["PublicTest"]}
    assert found == {"train": csv_form["Training"], "test": joined}


def test_nothing_is_said_of_other_forms_and_sets() -> None:
    assert published_classes("rafdb", {"train": 14, "test": 14}) == {}
    assert published_classes("rafdb", {}) == {}
    assert published_classes("folder", {"train": 3}) == {}
