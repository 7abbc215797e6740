from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from mien.core.labels import LabelSpace
from mien.core.records import Sample
from mien.data.audit import audit
from mien.data.datasets import DatasetInfo, FaceDataset
from mien.data.datasets._base import Contents
from mien.report import audit as module
from mien.report.audit import audit_html, count_rows, leak_rows, write_audit
from mien.report.audit_words import findings

SPACE = LabelSpace(("happiness", "sadness"))


def picture(seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    layers = [cv2.GaussianBlur(rng.normal(size=(64, 64)), (0, 0), s) * s**1.5 for s in (0.7, 1.5, 3, 6, 12)]
    image = np.sum(layers, axis=0)
    return ((image - image.min()) / np.ptp(image) * 200 + 20).astype(np.uint8)


def blue(seed: int) -> np.ndarray:
    grey = picture(seed)
    return np.dstack([grey // 2, grey // 2, grey])


def dataset(
    samples: list[Sample], published: dict[str, int] | None = None, crops: bool = False
) -> FaceDataset:
    info = DatasetInfo(
        "own", "own <set>", SPACE, SPACE.names, lambda root: Contents(samples, SPACE), crops=crops
    )
    return FaceDataset(info, Path("own"), samples, SPACE, published or {})


@pytest.fixture
def spoilt() -> FaceDataset:
    a, b, c = (picture(seed) for seed in range(3))
    return dataset(
        [
            Sample("train/a", a, 0, "train", subject="anna"),
            Sample("train/a2", a.copy(), 0, "train", subject="anna"),
            Sample("train/b", b, 0, "train", subject="bert", sequence="s1"),
            Sample("train/c", c, 0, "train"),
            Sample("train/blank", np.full((48, 48), 5, np.uint8), -1, "train"),
            Sample("train/<none>", Path("<none>.png"), 1, "train"),
            Sample("train/blue", blue(7), 1, "train"),
            Sample("test/a", a.copy(), 1, "test", subject="anna"),
            Sample("test/b", np.ascontiguousarray(b[:, ::-1]), 0, "test", subject="bert", sequence="s1"),
            Sample("test/c", np.clip(c.astype(int) + 9, 0, 255).astype(np.uint8), 0, "test"),
        ],
        {"train": 7, "test": 9, "other": 5},
    )


def test_the_page_shows_what_was_found(spoilt: FaceDataset, tmp_path: Path) -> None:
    found = audit(spoilt)
    write_audit(found, spoilt, tmp_path / "new" / "audit.html")
    page = (tmp_path / "new" / "audit.html").read_text(encoding="utf-8")
    titles = re.findall(r"<h2>(.*?)</h2>", page)
    assert titles == [
        "In words",
        "Samples of each class",
        "Copies between splits",
        "Copies with different labels",
        "Copies in different splits",
        "People in several splits",
        "Skin more blue than red",
        "Pictures of nothing",
        "Sequences in several splits",
        "Pictures that cannot be read",
    ]
    assert "own &lt;set&gt;" in page
    assert "&lt;none&gt;.png" in page
    assert "<none>" not in page
    assert "2 of 2 people stand in several splits." in page
    assert "anna: 2 in train, 1 in test" in page
    assert "bert/s1: 1 in train, 1 in test" in page
    assert page.count("data:image/jpeg;base64,") == 3 + 2 + 2 + 4 + 2 + 1
    assert not re.search(r"https?://(?!www\.w3\.org)", page)


def test_copies_that_leak_and_conflict_come_first(spoilt: FaceDataset) -> None:
    found = audit(spoilt)
    conflict, leak, other = module._copy_sections(found, module._Drawer(spoilt))
    assert [[shown.id for shown in card.pictures] for card in conflict.cards] == [
        ["train/a", "test/a", "train/a2"]
    ]
    assert conflict.cards[0].said == "the same pixels, 3 times"
    assert [card.pictures[0].id for card in leak.cards] == ["train/b", "train/c"]
    assert leak.cards[0].said.startswith("mirrored, alike by ")
    assert (other.total, other.cards) == (0, ())


def test_the_page_is_bounded(spoilt: FaceDataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SHOWN", 1)
    page = audit_html(audit(spoilt), spoilt)
    assert page.count("Shown: 1 of 2.") == 2  # copies in different splits, people
    assert page.count("data:image/jpeg;base64,") == 3 + 2 + 2 + 2 + 1


def test_tables(spoilt: FaceDataset) -> None:
    found = audit(spoilt)
    assert count_rows(found) == [
        ("happiness", [(4, None), (2, None), (0, None)]),
        ("sadness", [(2, None), (1, None), (0, None)]),
        ("(none)", [(1, None), (0, None), (0, None)]),
        ("all", [(7, 7), (3, 9), (0, 5)]),
    ]
    assert leak_rows(found) == [("train", "test", 2, 4), ("test", "train", 1, 3)]


def test_words_are_sorted_by_weight(spoilt: FaceDataset) -> None:
    said = findings(audit(spoilt), crops=False)
    grave = [f.text for f in said if f.weight == "grave"]
    assert [f.weight for f in said] == sorted((f.weight for f in said), key=["grave", "note", "fine"].index)
    assert grave == [
        "2 numbers differ from the published ones.",
        "1 group of exact copies has different labels.",
        "3 of 3 samples of test (100.0\N{NO-BREAK SPACE}%) have a copy in train.",
        "2 of 2 people stand in several splits.",
        "1 of 1 sequences stand in several splits.",
        "1 picture cannot be read.",
        "1 picture shows nothing.",
    ]
    assert any("ask for it with --faces" in f.text for f in said)


def test_words_of_a_clean_set() -> None:
    clean = dataset(
        [Sample(str(i), picture(i), i % 2, "train", subject=str(i)) for i in range(4)],
        {"train": 4},
        crops=True,
    )
    found = audit(clean)
    assert {f.weight for f in findings(found, crops=True)} == {"note", "fine"}
    notes = [f.text for f in findings(found, crops=True) if f.weight == "note"]
    assert notes == [
        "The set has one split, train: nothing can leak yet.",
        "Faces were not looked for: the set comes as crops, which are taken as they come.",
    ]
    page = audit_html(found, clean)
    assert "Copies" not in re.findall(r"<h2>(.*?)</h2>", page)
    assert "data:image" not in page


def test_words_of_exchanged_colours_and_missing_faces() -> None:
    strange = dataset([Sample(str(i), blue(i), i % 2, "train") for i in range(9)])
    found = replace(audit(strange, near=False), without_face=("3",))
    grave = [f.text for f in findings(found, crops=False) if f.weight == "grave"]
    assert grave == [
        "Red and blue seem to be exchanged in train: in 9 of 9 pictures the middle of the face is more blue "
        "than red.",
        "No face was found in 1 of 9 pictures (11.1\N{NO-BREAK SPACE}%).",
    ]
    assert any("Near copies were not looked for" in f.text for f in findings(found, crops=False))
    page = audit_html(found, strange)
    assert page.count("as stored") >= 9
    assert page.count("exchanged</span>") == 9
