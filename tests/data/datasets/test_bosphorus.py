from __future__ import annotations

from pathlib import Path

import pytest

from mien.data.datasets import load_dataset
from mien.data.fake import write_fake

NAMES = {
    "ANGER": "anger",
    "DISGUST": "disgust",
    "FEAR": "fear",
    "HAPPY": "happiness",
    "N": "neutral",
    "SADNESS": "sadness",
    "SURPRISE": "surprise",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_fake("bosphorus", tmp_path / "set", n_per_class=2)


def test_expressions_have_labels_and_action_units_their_names(root: Path) -> None:
    dataset = load_dataset("bosphorus", root)
    units = {}
    for sample in dataset.samples:
        person, kind, code, _ = sample.id.split("/")[1].split("_")
        assert sample.subject == person
        assert sample.depth == root / person / f"{sample.id.split('/')[1]}.bnt"
        if kind in ("E", "N"):
            assert dataset.labels.names[sample.label] == NAMES[code]
            assert not sample.meta
        else:
            assert sample.label == -1
            units[sample.id] = sample.meta["action_unit"]
            assert sample.meta["action_unit"] == f"{kind}_{code}"
    assert len(dataset.samples) - len(units) == 2 * 7
    assert {"LFAU_24", "LFAU_9", "LFAU_12", "LFAU_15", "UFAU_1", "UFAU_2"} < set(units.values())
    assert not any("YR" in s.id or "O_EYE" in s.id for s in dataset.samples)


def test_landmarks_are_the_face_where_they_stand_like_one(root: Path) -> None:
    before = {s.id: s for s in load_dataset("bosphorus", root).samples}
    sample = before["bs000/bs000_E_ANGER_0"]
    assert sample.face is not None
    right_eye, left_eye, nose, right_mouth, left_mouth = sample.face.points
    assert right_eye[0] < nose[0] < left_eye[0]
    assert right_mouth[0] < nose[0] < left_mouth[0]
    assert sample.face.box[1] < nose[1] < sample.face.box[1] + sample.face.box[3]
    upside_down, few = root / "bs000" / "bs000_E_FEAR_0.lm2", root / "bs000" / "bs000_E_HAPPY_0.lm2"
    swapped = upside_down.read_text(encoding="ascii").replace("mouth corner", "?")
    swapped = swapped.replace("eye corner", "mouth corner").replace("?", "inner eye corner")
    upside_down.write_text(swapped, encoding="ascii")
    few.write_text("1 landmarks:\nNose tip\n3.0 4.0\n", encoding="ascii")
    after = {s.id: s.face for s in load_dataset("bosphorus", root).samples}
    assert after["bs000/bs000_E_FEAR_0"] is None
    assert after["bs000/bs000_E_HAPPY_0"] is None
    assert after["bs001/bs001_E_FEAR_0"] is not None


def test_the_parts_of_the_set_side_by_side(root: Path) -> None:
    ids = [s.id for s in load_dataset("bosphorus", root).samples]
    for part, person in (("BosphorusDB_p1", "bs000"), ("BosphorusDB_p2", "bs001")):
        (root / part).mkdir()
        (root / person).rename(root / part / person)
    assert [s.id for s in load_dataset("bosphorus", root).samples] == ids
