"""A search finds good settings, stops hopeless trials, and goes on where it was killed."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from mien.core.errors import MienError
from mien.core.recipe import Recipe, parse_recipe
from mien.core.search_space import parse_dimension
from mien.engine import tune as module
from mien.engine.fit import Listener
from mien.engine.parts import Parts
from mien.engine.tune import Search, tune
from mien.metrics.tuning import TuningTable
from mien.report.tuning import tuning_markdown, write_tuning

RATES = (parse_dimension("train.lr=1e-4..1e-1:log"),)


@pytest.fixture
def data(monkeypatch: pytest.MonkeyPatch, tiny_parts: Parts) -> None:
    monkeypatch.setattr(module, "make_parts", lambda recipe, root, on_sample: tiny_parts)


@pytest.fixture
def pretended(data: None, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Trainings in no time: the nearer the rate to 0.003, the better; above 0.05 they diverge."""
    begun: list[Path] = []

    def fit(recipe: Recipe, parts: Parts, folder: Path, resume: bool, listener: Listener) -> None:
        assert resume
        begun.append(folder)
        if recipe.train.lr > 0.05:
            raise MienError("the training diverged")
        score = 0.9 - 0.2 * abs(math.log10(recipe.train.lr / 0.003))
        state = SimpleNamespace(history=[], best_score=score)
        listener.on_start(state, 27, recipe.train.epochs)
        for epoch in range(recipe.train.epochs):
            state.history.append({"epoch": epoch + 1, "val_accuracy": score, "seconds": 6.0})
            listener.on_epoch(state)

    monkeypatch.setattr(module, "fit", fit)
    return begun


def search(recipe: Callable[..., Recipe], *overrides: str) -> Search:
    return Search(recipe(*overrides), RATES)


def test_it_finds_the_good_rates(
    pretended: list[Path], tiny_recipe: Callable[..., Recipe], tmp_path: Path
) -> None:
    table = tune(search(tiny_recipe), None, tmp_path, 25)
    assert [t.number for t in table.trials] == list(range(25))
    assert table.best is not None
    assert table.best.score == max(t.score for t in table.trials if t.state == "complete")
    assert 0.001 < table.best.values["train.lr"] < 0.01
    states = [t.state for t in table.trials]
    assert "pruned" not in states[:4]  # nothing to compare with yet
    assert {t.epochs for t in table.trials if t.state == "complete"} == {3}
    assert {t.epochs for t in table.trials if t.state == "pruned"} == {2}
    assert {t.error for t in table.trials if t.state == "failed"} <= {"the training diverged"}
    assert table.importances == pytest.approx({"train.lr": 1.0})
    best = parse_recipe((tmp_path / "best.yaml").read_text(), "best.yaml")
    assert best.train.lr == table.best.values["train.lr"]
    assert best.facts() == tiny_recipe(f"train.lr={best.train.lr}").facts()


def test_a_second_call_adds_to_the_first(
    pretended: list[Path], tiny_recipe: Callable[..., Recipe], tmp_path: Path
) -> None:
    first = tune(search(tiny_recipe), None, tmp_path, 3)
    assert tune(search(tiny_recipe), None, tmp_path, 3).trials == first.trials
    assert len(pretended) == 3
    more = tune(search(tiny_recipe), None, tmp_path, 5)
    assert more.trials[:3] == first.trials
    assert len(more.trials) == 5


def test_a_killed_trial_is_begun_again_in_its_folder(
    pretended: list[Path], tiny_recipe: Callable[..., Recipe], tmp_path: Path
) -> None:
    def kill(state: object) -> None:
        if len(pretended) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        tune(search(tiny_recipe), None, tmp_path, 3, Listener(on_epoch=kill))
    table = tune(search(tiny_recipe), None, tmp_path, 3)
    assert pretended[2] == pretended[1]
    assert len(table.trials) == 3
    assert len(pretended) == 4


def test_another_search_is_refused(
    pretended: list[Path], tiny_recipe: Callable[..., Recipe], tmp_path: Path
) -> None:
    tune(search(tiny_recipe), None, tmp_path, 1)
    with pytest.raises(MienError, match="another recipe, space or seed"):
        tune(search(tiny_recipe, "train.epochs=2"), None, tmp_path, 2)


@pytest.mark.parametrize(
    ("overrides", "space", "told"),
    [
        (("train.select=best_test",), "train.lr=1..2", "select.*best_val"),
        ((), "train.lrr=1..2", "did you mean 'lr'"),
        ((), "train.epochs=-3..2", "train.epochs"),
    ],
)
def test_a_wrong_search_is_told_before_it_begins(
    tiny_recipe: Callable[..., Recipe], overrides: tuple[str, ...], space: str, told: str
) -> None:
    with pytest.raises(MienError, match=told):
        Search(tiny_recipe(*overrides), (parse_dimension(space),))


def test_when_every_trial_fails_the_reason_is_told(
    pretended: list[Path], tiny_recipe: Callable[..., Recipe], tmp_path: Path
) -> None:
    with pytest.raises(MienError, match="no trial ended; the last one: the training diverged"):
        tune(Search(tiny_recipe(), (parse_dimension("train.lr=0.06..0.1"),)), None, tmp_path, 2)


def test_real_trainings_and_what_is_written(
    data: None, tiny_recipe: Callable[..., Recipe], tmp_path: Path
) -> None:
    space = (*RATES, parse_dimension("train.batch_size=8|16"))
    table = tune(Search(tiny_recipe("train.epochs=2"), space), None, tmp_path, 2)
    assert {t.values["train.batch_size"] for t in table.trials} <= {8, 16}
    assert all(0 <= t.score <= 1 for t in table.trials)
    assert len(list(tmp_path.glob("trial-*/best.safetensors"))) == 2
    written = write_tuning(table, tmp_path)
    assert [path.name for path in written] == ["tuning.json", "tuning.csv", "tuning.md", "tuning.png"]
    assert TuningTable.model_validate_json(written[0].read_text()) == table
    assert written[3].read_bytes()[:4] == b"\x89PNG"
    said = tuning_markdown(table)
    assert "of Training, held out" in said
    assert "optimistic" in said
