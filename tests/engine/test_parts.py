import dataclasses
import logging

import numpy as np
import pytest
import torch

from mien.core.errors import MienError
from mien.core.records import Sample
from mien.data.classes import keep_classes
from mien.data.datasets import load_dataset
from mien.data.fake import write_fake
from mien.data.transforms import normalise
from mien.engine.packing import model_spec, tell_misses
from mien.engine.parts import content_key, grouping, make_parts, make_protocol, training_facts


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return write_fake("fer2013", tmp_path_factory.mktemp("fer2013"), n_per_class=6)


def test_parts_hold_what_the_protocol_says(tiny_recipe, root):
    seen = []
    parts = make_parts(tiny_recipe("data.val_fraction=0.25"), root, lambda: seen.append(1))
    assert len(parts.train) + len(parts.val) == 42 == len(seen)
    assert (parts.train.ids, parts.val.ids) == (parts.protocol.parts["train"], parts.protocol.parts["val"])
    assert not set(parts.train.ids) & set(parts.val.ids)
    assert parts.select is parts.val
    assert parts.train.images.shape[1:] == (1, 16, 16)
    assert parts.spec.labels == load_dataset("fer2013", root).labels.names
    assert set(parts.val.labels.tolist()) == set(range(7))


@pytest.mark.parametrize(
    ("select", "select_on", "leaks", "in_words"),
    [
        ("best_val", "val", False, "fer2013 10% of Training, held out"),
        ("last", "val", False, "nothing: the last epoch"),
        ("best_test", "test", True, "fer2013 PublicTest"),
    ],
)
def test_how_the_checkpoint_is_picked_marks_the_protocol(
    tiny_recipe, root, select, select_on, leaks, in_words
):
    parts = make_parts(tiny_recipe(f"train.select={select}"), root)
    assert (parts.protocol.select_on, parts.protocol.report_on) == (select_on, "test")
    assert bool(parts.protocol.leaks) == leaks
    assert parts.spec.training.selected_on == in_words
    assert bool(parts.spec.training.leaks) == leaks
    assert ("test" in parts.protocol.parts) == leaks  # else the test part is never packed
    assert len(parts.select) == (21 if leaks else len(parts.val))


def test_copies_of_test_pictures_are_dropped_from_training(tiny_recipe, root):
    dataset = load_dataset("fer2013", root)
    tested = dataset.split("PublicTest")[0]
    leak = dataclasses.replace(tested, id="leak", split="Training")
    dataset = dataclasses.replace(dataset, samples=[*dataset.samples, leak])
    for drop, expected in ((True, 42), (False, 43)):
        protocol, samples = make_protocol(tiny_recipe(f"data.drop_leaks={drop}"), dataset)
        assert len(samples["train"]) + len(samples["val"]) == expected
        assert ("leak" in {*protocol.parts["train"], *protocol.parts["val"]}) == (not drop)


def test_a_split_of_its_own_can_select(tiny_recipe, root):
    parts = make_parts(tiny_recipe("data.val_split=PublicTest", "data.test_split=PrivateTest"), root)
    assert (len(parts.train), len(parts.val)) == (42, 21)


def test_samples_without_label_are_left_out(tiny_recipe, root):
    dataset = load_dataset("fer2013", root)
    unlabelled = dataclasses.replace(dataset.samples[0], id="unlabelled", label=-1)
    dataset = dataclasses.replace(dataset, samples=[*dataset.samples, unlabelled])
    protocol, _ = make_protocol(tiny_recipe(), dataset)
    assert "unlabelled" not in {*protocol.parts["train"], *protocol.parts["val"]}


def test_a_typo_in_the_method_is_told_before_data_are_read(tiny_recipe, tmp_path):
    with pytest.raises(MienError, match=r"dropuot: there is no such key; did you mean 'dropout'"):
        make_parts(tiny_recipe("method.params.dropuot=0.1"), tmp_path / "nowhere")


def test_subjects_group_where_all_are_known_else_copies():
    picture = np.zeros((4, 4), np.uint8)
    known = [Sample(str(i), picture + i, 0, "train", subject=f"s{i % 2}") for i in range(4)]
    group, by = grouping(known)
    assert (by, [group(s) for s in known]) == ("subject", ["s0", "s1", "s0", "s1"])
    group, by = grouping([*known, Sample("x", picture, 0, "train")])
    assert by == "copies of a picture"
    assert group(known[0]) == content_key(Sample("x", picture.copy(), 1, "test"))
    assert group(known[0]) != group(known[1])
    assert content_key(Sample("x", picture, 0, "train")) != content_key(
        Sample("x", picture[:2].repeat(2, 1), 0, "train")
    )


def test_classes_can_be_left_out(tiny_recipe, root):
    parts = make_parts(tiny_recipe("data.classes=[surprise, fear, anger]", "data.val_fraction=0.25"), root)
    assert parts.spec.labels == ("anger", "fear", "surprise")
    assert len(parts.train) + len(parts.val) == 18
    assert set(parts.train.labels.tolist()) == {0, 1, 2}
    whole = load_dataset("fer2013", root)
    names = {s.id: whole.labels.names[s.label] for s in whole.samples}
    told = [parts.spec.labels[k] for k in parts.train.labels]
    assert told == [names[i] for i in parts.train.ids]
    assert parts.train.targets.shape[1] == 3
    with pytest.raises(MienError, match="unknown label 'boredom'"):
        make_parts(tiny_recipe("data.classes=[boredom, fear]"), root)


def test_votes_are_shared_among_the_classes_that_are_kept(root):
    dataset = keep_classes(load_dataset("fer2013", root), ("fear", "anger"))
    assert all(s.soft_label is None or s.soft_label.sum() == pytest.approx(1) for s in dataset.samples)
    assert {len(s.soft_label) for s in dataset.samples if s.soft_label is not None} == {2}


def test_normalisation_can_come_from_the_training_part(tiny_recipe, root):
    parts = make_parts(tiny_recipe("data.normalise=train"), root)
    x = normalise(parts.train.images, parts.spec.input)
    assert x.mean().item() == pytest.approx(0, abs=1e-4)
    assert x.std().item() == pytest.approx(1, abs=1e-3)
    assert parts.spec.input.mean != tiny_recipe().input.mean


@pytest.mark.parametrize(
    ("changes", "optional"),
    [
        (("method.name=rgbd_fusion", "method.params={}"), False),
        (("method.name=rgbd_fusion", "method.params={modality_dropout: 0.2}"), True),
        (("method.name=rgbd_fusion", "method.params={modality: rgb}"), True),
        (("method.name=baseline",), False),
    ],
)
def test_a_model_says_whether_it_can_do_without_depth(tiny_recipe, root, changes, optional):
    recipe = tiny_recipe(*changes, "input=null")
    spec = model_spec(recipe, load_dataset("fer2013", root), training_facts(recipe))
    assert spec.depth_optional is optional


def test_random_crops_are_taken_from_more_than_tests_see(tiny_recipe, root):
    recipe = tiny_recipe("input.central=0.8", "augment={policy: fdrl}")
    parts = make_parts(recipe, root)
    assert parts.train.images.shape[2:] == (20, 20)
    assert parts.val.images.shape[2:] == parts.select.images.shape[2:] == (16, 16)
    assert parts.spec.input.size_px == 16
    whole = make_parts(tiny_recipe("input.central=0.8", "input.size_px=20"), root)
    assert whole.train.images.shape[2:] == (20, 20)
    assert not torch.equal(whole.train.images, parts.train.images)  # that is the middle of 25 px


def test_pictures_without_a_face_are_told(tiny_recipe, root, monkeypatch, caplog):
    parts = make_parts(tiny_recipe(), root)
    found = np.ones(len(parts.train), bool)
    found[:3] = False
    with caplog.at_level(logging.WARNING, "mien"):
        tell_misses(dataclasses.replace(parts.train, detected=found), "train")
        assert f"3 of {len(parts.train)} pictures of the part train" in caplog.text
        caplog.clear()
        tell_misses(parts.train, "train")
        assert not caplog.text
    with pytest.raises(MienError, match=r"no face was found in any of the .* set data\.faces to ready"):
        tell_misses(dataclasses.replace(parts.train, detected=~np.ones(len(parts.train), bool)), "train")
