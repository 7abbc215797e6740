import dataclasses

import pytest
import torch
from torch import nn

from mien.core.distillation import Distillation
from mien.core.errors import MienError
from mien.core.recipe import parse_recipe
from mien.data.batches import Batch
from mien.data.transforms import normalise
from mien.engine.distill import Teachers, load_teachers
from mien.engine.dry_run import runs_needed, with_run
from mien.engine.fit import fit
from mien.engine.loop import make_batch

TOLD = Distillation(teachers=["a"], weight=0.25)


class Linear(nn.Module):
    """Logits are the first pixels."""

    def __init__(self, n_classes: int = 3) -> None:
        super().__init__()
        self.n_classes = n_classes

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.flatten(1)[:, : self.n_classes]


def test_the_opinion_is_the_mean_of_softened_probabilities_of_both_views():
    x = torch.arange(9.0).reshape(1, 1, 3, 3) / 3
    told = Distillation(teachers=["a", "b"], temperature=2.0)
    found = Teachers([Linear(), Linear()], [1.0, 3.0], told).opinion(x)
    views = [torch.tensor([0.0, 1.0, 2.0]) / 3, torch.tensor([2.0, 1.0, 0.0]) / 3]
    expected = torch.stack([torch.softmax(v / t, 0) for v in views for t in (2.0, 6.0)]).mean(0)
    torch.testing.assert_close(found, expected[None])
    alone = Teachers([Linear()], [1.0], TOLD.model_copy(update={"mirrored": False})).opinion(x)
    torch.testing.assert_close(alone, torch.softmax(views[0], 0)[None])


def test_targets_are_shared_between_labels_and_teachers():
    x = torch.zeros(2, 1, 3, 3)
    batch = Batch(x, torch.tensor([0, 2]), torch.eye(3)[[0, 2]])
    target = Teachers([Linear()], [1.0], TOLD).taught(batch).target
    torch.testing.assert_close(target, 0.75 * torch.eye(3)[[0, 2]] + 0.25 / 3)


def test_teachers_may_see_crops_before_they_are_damaged(tiny_recipe, tiny_parts):
    recipe = tiny_recipe("augment.flip=1", "augment.shift=0", "augment.noise=0.9", "augment.erase=1")
    told = {"distill": {"teachers": ["a"], "sees": "whole"}}
    recipe = recipe.model_validate(recipe.model_dump() | told)
    places, spec = torch.arange(6), tiny_parts.spec.input
    args = (tiny_parts.train, places, recipe, spec, 0, None, torch.Generator().manual_seed(1))
    batch = make_batch(*args)
    mirrored = normalise(tiny_parts.train.images[places].flip(3), spec)
    torch.testing.assert_close(batch.whole, mirrored)
    assert (batch.x - mirrored).abs().mean() > 0.1
    target = Teachers([Linear(batch.target.shape[1])], [1.0], recipe.distill).taught(batch).target
    seen = dataclasses.replace(batch, x=mirrored, whole=None)
    torch.testing.assert_close(
        target, Teachers([Linear(batch.target.shape[1])], [1.0], recipe.distill).taught(seen).target
    )
    assert recipe.digest() != recipe.model_validate(recipe.model_dump() | {"distill": None}).digest()


def test_whole_crops_do_not_go_with_mixed_ones(tiny_recipe):
    told = {"distill": {"teachers": ["a"], "sees": "whole"}}
    with pytest.raises(ValueError, match=r"leave train\.mixup and cutmix out"):
        tiny_recipe().model_validate(tiny_recipe("train.mixup=0.2").model_dump() | told)


def test_a_student_learns_from_a_run_and_resumes_to_the_same_numbers(tiny_recipe, tiny_parts, tmp_path):
    teacher = fit(tiny_recipe("train.epochs=8"), tiny_parts, tmp_path / "teacher")
    # mirrored off: the mirror image of these pictures' first class is their third
    told = {"distill": {"teachers": [str(tmp_path / "teacher")], "weight": 1.0, "mirrored": False}}
    student = tiny_recipe("train.seed=3", "train.epochs=16")
    student = student.model_validate(student.model_dump() | told)
    blank = dataclasses.replace(
        tiny_parts,
        train=dataclasses.replace(tiny_parts.train, targets=torch.full_like(tiny_parts.train.targets, 1 / 3)),
    )
    state = fit(student, blank, tmp_path / "student").state  # the labels tell it nothing
    assert state.best_score > 0.9
    again = fit(student, blank, tmp_path / "again").state
    assert [row["val_loss"] for row in again.history] == [row["val_loss"] for row in state.history]
    before = teacher.method.state_dict()
    loaded = load_teachers(student.distill, tiny_parts.spec, torch.device("cpu")).methods[0]
    assert not any(p.requires_grad for p in loaded.parameters())
    assert all(torch.equal(before[name], value) for name, value in loaded.state_dict().items())


def test_a_teacher_of_other_labels_or_crops_is_refused(tiny_recipe, tiny_parts, tmp_path):
    fit(tiny_recipe("train.epochs=1"), tiny_parts, tmp_path)
    told = Distillation(teachers=[str(tmp_path)])
    spec = tiny_parts.spec
    cpu = torch.device("cpu")
    with pytest.raises(MienError, match="the student anger, disgust"):
        load_teachers(told, spec.model_copy(update={"labels": ("anger", "disgust")}), cpu)
    larger = spec.model_copy(update={"input": spec.input.model_copy(update={"size_px": 32})})
    with pytest.raises(MienError, match=r"sees 16 px gray.*the student 32 px gray"):
        load_teachers(told, larger, cpu)
    with pytest.raises(MienError, match="absent"):
        load_teachers(Distillation(teachers=[str(tmp_path / "absent")]), spec, cpu)


def test_growing_crops_do_not_go_with_teachers(tiny_recipe):
    text = tiny_recipe().model_dump_json()
    with pytest.raises(MienError, match="size_schedule"):
        parse_recipe(text, "r", ["distill={teachers: [a]}", "train.size_schedule={0: 8}"])


def test_runs_that_a_recipe_needs_can_be_replaced(tiny_recipe):
    recipe = parse_recipe(
        tiny_recipe().model_dump_json(), "r", ["init_from=runs/x", "distill={teachers: [runs/x, runs/y]}"]
    )
    needed = runs_needed(recipe)
    assert needed == {"init_from": "runs/x", "distill.teachers.0": "runs/x", "distill.teachers.1": "runs/y"}
    for place in needed:
        recipe = with_run(recipe, place, f"small/{place}")
    assert list(runs_needed(recipe).values()) == [f"small/{place}" for place in needed]
