import dataclasses
import json
from pathlib import Path

import pytest
import torch

from mien.core.errors import MienError
from mien.engine.checkpoint import load_model, load_tensors
from mien.engine.fit import Listener, _out_of_patience, fit, make_learner
from mien.engine.loop import TrainState, is_check
from mien.engine.predict import logits_of
from mien.metrics.calibration import negative_log_likelihood

# everything that draws random numbers or keeps a state of its own
MOVING = (
    "train.mixup=0.2",
    "train.ema_decay=0.9",
    "train.sam_rho=0.05",
    "train.cutmix=0.5",
    "train.optimizer=sgd",
    "train.lr=0.05",
    "train.schedule=cosine",
    "train.warmup_iters=3",
    "train.accumulate=2",
    "augment.flip=0.5",
    "augment.erase=0.5",
)


class Killed(Exception):
    """Stands in for a kill."""


def killed_at(n_steps: int) -> Listener:
    """A run that dies in its n-th step."""
    steps = []

    def on_step(n: int, loss: float) -> None:
        steps.append(loss)
        if len(steps) == n_steps:
            raise Killed

    return Listener(on_step=on_step)


def numbers(history: list[dict[str, float]]) -> list[dict[str, float]]:
    return [{k: v for k, v in row.items() if k != "seconds"} for row in history]


def assert_same_tensors(one: Path, other: Path) -> None:
    a, b = load_tensors(one)[0], load_tensors(other)[0]
    assert a.keys() == b.keys()
    for name in a:
        assert torch.equal(a[name], b[name]), name


def test_a_run_learns_and_leaves_all_its_files(tiny_recipe, tiny_parts, tmp_path):
    heard = []
    listener = Listener(
        on_start=lambda state, n, epochs: heard.append(("start", state.epoch, n, epochs)),
        on_epoch=lambda state: heard.append(("epoch", state.epoch)),
    )
    bundle = fit(tiny_recipe("train.epochs=8"), tiny_parts, tmp_path / "run", listener=listener)
    assert heard == [("start", 0, 27, 8), *(("epoch", i) for i in range(1, 9))]
    assert bundle.state.history[-1]["val_accuracy"] > 0.9
    assert bundle.state.history[-1]["train_loss"] < 0.8 * bundle.state.history[0]["train_loss"]
    files = {path.name for path in (tmp_path / "run").iterdir()}
    assert files == {"best.safetensors", "last.safetensors", "recipe.json", "protocol.json", "history.json"}
    assert json.loads((tmp_path / "run" / "history.json").read_text()) == bundle.state.history
    assert json.loads((tmp_path / "run" / "protocol.json").read_text())["parts"]["val"] == list(
        tiny_parts.val.ids
    )


@pytest.mark.parametrize("n_steps", [2, 6, 8])
def test_a_killed_run_resumes_to_the_same_numbers(tiny_recipe, tiny_parts, tmp_path, n_steps):
    """Four steps an epoch: killed in the first epoch, in the second, and as the second ends."""
    recipe = tiny_recipe(*MOVING)
    unbroken = fit(recipe, tiny_parts, tmp_path / "unbroken")
    with pytest.raises(Killed):
        fit(recipe, tiny_parts, tmp_path / "killed", listener=killed_at(n_steps))
    torch.rand(7)  # another process starts with other random numbers
    resumed = fit(recipe, tiny_parts, tmp_path / "killed", resume=True)
    assert numbers(resumed.state.history) == numbers(unbroken.state.history)
    for name in ("last.safetensors", "best.safetensors"):
        assert_same_tensors(tmp_path / "unbroken" / name, tmp_path / "killed" / name)
    assert resumed.spec == unbroken.spec


def test_a_kill_between_the_two_files_of_an_epoch_changes_nothing(
    tiny_recipe, tiny_parts, tmp_path, monkeypatch
):
    from mien.engine import fit as module

    recipe = tiny_recipe(*MOVING, "train.select=last")
    unbroken = fit(recipe, tiny_parts, tmp_path / "unbroken")

    def dies_in_epoch_2(run_dir, learner, state, recipe, save=module.save_progress):
        if state.epoch == 2:
            raise Killed
        save(run_dir, learner, state, recipe)

    monkeypatch.setattr(module, "save_progress", dies_in_epoch_2)
    with pytest.raises(Killed):
        fit(recipe, tiny_parts, tmp_path / "killed")
    monkeypatch.undo()
    resumed = fit(recipe, tiny_parts, tmp_path / "killed", resume=True)
    assert numbers(resumed.state.history) == numbers(unbroken.state.history)
    assert_same_tensors(tmp_path / "unbroken" / "best.safetensors", tmp_path / "killed" / "best.safetensors")


def test_resuming_a_finished_run_changes_nothing(tiny_recipe, tiny_parts, tmp_path):
    first = fit(tiny_recipe(), tiny_parts, tmp_path)
    again = fit(tiny_recipe(), tiny_parts, tmp_path, resume=True)
    assert again.state == first.state
    assert again.spec == first.spec


def test_more_epochs_go_on_where_the_schedule_allows_it(tiny_recipe, tiny_parts, tmp_path):
    unbroken = fit(tiny_recipe("train.epochs=3"), tiny_parts, tmp_path / "three")
    fit(tiny_recipe("train.epochs=1"), tiny_parts, tmp_path / "grown")
    grown = fit(tiny_recipe("train.epochs=3"), tiny_parts, tmp_path / "grown", resume=True)
    assert numbers(grown.state.history) == numbers(unbroken.state.history)
    for changes in (("train.schedule=cosine",), ("train.mixup=0.2", "train.mixup_off_epochs=1")):
        run = tmp_path / changes[0]
        fit(tiny_recipe("train.epochs=1", *changes), tiny_parts, run)
        with pytest.raises(MienError, match=r"another recipe: train\.epochs was 1, is 2"):
            fit(tiny_recipe("train.epochs=2", *changes), tiny_parts, run, resume=True)


def test_another_recipe_is_refused_and_the_key_named(tiny_recipe, tiny_parts, tmp_path):
    fit(tiny_recipe("train.epochs=1"), tiny_parts, tmp_path)
    changed = tiny_recipe(
        "train.epochs=1", "train.lr=0.1", "method.params.backbone.name=resnet34", "name=other"
    )
    with pytest.raises(MienError) as caught:
        fit(changed, tiny_parts, tmp_path, resume=True)
    said = str(caught.value)
    assert "method.params.backbone.name was 'resnet18', is 'resnet34'" in said
    assert "train.lr was 0.005, is 0.1" in said
    assert "other" not in said.replace("another", "")
    assert "\n" not in said


def test_other_data_are_refused(tiny_recipe, tiny_parts, tmp_path):
    fit(tiny_recipe("train.epochs=1"), tiny_parts, tmp_path)
    protocol = dataclasses.replace(tiny_parts.protocol, parts={"train": ("a",), "val": ("b",)})
    with pytest.raises(MienError, match="was started on other samples"):
        fit(
            tiny_recipe("train.epochs=2"),
            dataclasses.replace(tiny_parts, protocol=protocol),
            tmp_path,
            resume=True,
        )


def test_a_folder_with_a_run_is_not_overwritten(tiny_recipe, tiny_parts, tmp_path):
    fit(tiny_recipe("train.epochs=1"), tiny_parts, tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(MienError, match="holds a run: give another --run-dir, or go on with it by --resume"):
        fit(tiny_recipe("train.epochs=1"), tiny_parts, tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize("damage", ["truncated", "text", "a model"])
def test_a_damaged_progress_file_is_one_line(tiny_recipe, tiny_parts, tmp_path, damage):
    fit(tiny_recipe("train.epochs=1"), tiny_parts, tmp_path)
    last = tmp_path / "last.safetensors"
    content = {
        "truncated": last.read_bytes()[:-50],
        "text": b"hello",
        "a model": (tmp_path / "best.safetensors").read_bytes(),
    }
    last.write_bytes(content[damage])
    with pytest.raises(MienError, match=r"last\.safetensors (is damaged|holds no training state)") as caught:
        fit(tiny_recipe("train.epochs=1"), tiny_parts, tmp_path, resume=True)
    assert "\n" not in str(caught.value)


def test_a_folder_that_cannot_be_made_is_one_line(tiny_recipe, tiny_parts, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(MienError, match="cannot be written: Not a directory"):
        fit(tiny_recipe(), tiny_parts, tmp_path / "file" / "run")


def test_too_few_samples_are_said(tiny_recipe, tiny_parts, tmp_path):
    one = dataclasses.replace(
        tiny_parts.train,
        images=tiny_parts.train.images[:1],
        labels=tiny_parts.train.labels[:1],
        targets=tiny_parts.train.targets[:1],
        ids=("a",),
    )
    with pytest.raises(MienError, match="an epoch of 1 samples is too few"):
        fit(tiny_recipe(), dataclasses.replace(tiny_parts, train=one), tmp_path)


def with_scores(monkeypatch, scores: list[float]) -> None:
    """Validation says these accuracies, one an epoch."""
    from mien.engine import fit as module

    left = iter(scores)
    monkeypatch.setattr(
        module, "_validate", lambda *_: {"val_loss": 1.0, "val_accuracy": next(left), "val_uar": 0.0}
    )


@pytest.mark.parametrize(("patience", "epochs"), [(1, 3), (2, 4), (None, 6)])
def test_patience_ends_a_run_that_no_longer_improves(
    tiny_recipe, tiny_parts, tmp_path, monkeypatch, patience, epochs
):
    with_scores(monkeypatch, [0.1, 0.3, 0.3, 0.2, 0.4, 0.1])
    recipe = tiny_recipe("train.epochs=6", f"train.patience={'null' if patience is None else patience}")
    state = fit(recipe, tiny_parts, tmp_path).state
    assert state.epoch == epochs
    assert state.best_epoch == (5 if patience is None else 2)


@pytest.mark.parametrize(("select", "best_epoch"), [("best_val", 2), ("last", 4)])
def test_the_selected_epoch_is_the_one_kept(
    tiny_recipe, tiny_parts, tmp_path, monkeypatch, select, best_epoch
):
    weights = {}
    with_scores(monkeypatch, [0.1, 0.5, 0.4, 0.5])
    listener = Listener(
        on_epoch=lambda state: weights.update({state.epoch: load_tensors(tmp_path / "last.safetensors")[0]})
    )
    bundle = fit(
        tiny_recipe("train.epochs=4", f"train.select={select}"), tiny_parts, tmp_path, listener=listener
    )
    assert bundle.state.best_epoch == best_epoch
    kept = bundle.method.state_dict()["head.linear.weight"]
    same = [epoch for epoch in weights if torch.equal(weights[epoch]["method.head.linear.weight"], kept)]
    assert same == [best_epoch]


def test_several_validations_an_epoch_change_what_is_kept_but_not_what_is_learnt(
    tiny_recipe, tiny_parts, tmp_path, monkeypatch
):
    scores = iter([0.2, 0.8, 0.3, 0.1, 0.5, 0.4, 0.7, 0.6, 0.75])  # three epochs of three looks
    monkeypatch.setattr(
        "mien.engine.fit._validate",
        lambda *_: {"val_accuracy": next(scores), "val_uar": 0.0, "val_loss": 1.0},
    )
    often = tiny_recipe("train.validations=3")
    bundle = fit(often, tiny_parts, tmp_path / "often")
    assert bundle.state.best_epoch == 1
    assert bundle.state.best_score == 0.8
    assert [row["val_accuracy"] for row in bundle.state.history] == [0.8, 0.4, 0.75]
    monkeypatch.undo()
    once = tiny_recipe()
    fit(once, tiny_parts, tmp_path / "once")
    ends = [load_tensors(tmp_path / name / "last.safetensors")[0] for name in ("often", "once")]
    assert all(torch.equal(ends[0][name], ends[1][name]) for name in ends[1])
    kept = load_tensors(tmp_path / "often" / "best.safetensors")[0]
    assert any(not torch.equal(value, ends[0][f"method.{name}"]) for name, value in kept.items())


@pytest.mark.parametrize(
    ("n_steps", "n_checks", "after"), [(10, 1, []), (10, 2, [5]), (7, 3, [3, 5]), (3, 10, [1, 2])]
)
def test_validations_are_evenly_spread(n_steps, n_checks, after):
    assert [n for n in range(1, n_steps + 1) if is_check(n, n_steps, n_checks)] == after


def test_selection_follows_its_metric(tiny_recipe, tiny_parts, tmp_path, monkeypatch):
    from mien.engine import fit as module

    rows = [(0.5, 0.9, 0.1), (0.9, 0.5, 0.2), (0.7, 0.6, 0.9)]  # loss, accuracy, UAR
    for metric, best in (("loss", 1), ("accuracy", 1), ("uar", 3)):
        left = iter(rows)
        monkeypatch.setattr(
            module,
            "_validate",
            lambda *_, left=left: dict(zip(("val_loss", "val_accuracy", "val_uar"), next(left), strict=True)),
        )
        bundle = fit(tiny_recipe(f"train.select_metric={metric}"), tiny_parts, tmp_path / metric)
        assert bundle.state.best_epoch == best


def test_the_average_is_what_is_kept(tiny_recipe, tiny_parts, tmp_path):
    bundle = fit(tiny_recipe("train.ema_decay=0.5", "train.select=last"), tiny_parts, tmp_path)
    last, _ = load_tensors(tmp_path / "last.safetensors")
    kept = bundle.method.state_dict()["head.linear.weight"]
    assert torch.equal(kept, last["ema.module.head.linear.weight"])
    assert not torch.equal(kept, last["method.head.linear.weight"])


def test_an_average_over_nothing_is_the_method_itself(tiny_recipe, tiny_parts):
    assert make_learner(tiny_recipe(), tiny_parts).ema is None


def test_the_temperature_is_fitted_on_the_held_out_part(tiny_recipe, tiny_parts, tmp_path):
    bundle = fit(tiny_recipe("train.epochs=2"), tiny_parts, tmp_path)
    scores = logits_of(bundle.method, tiny_parts.val.images, bundle.spec.input).numpy()
    labels = tiny_parts.val.labels.numpy()
    fitted = bundle.spec.calibration.temperature
    best = negative_log_likelihood(scores, labels, fitted)
    assert all(best <= negative_log_likelihood(scores, labels, fitted * factor) for factor in (0.8, 1.25))
    assert bundle.spec.calibration.fitted_on == "12 samples of Training, held out"
    assert load_model(tmp_path)[1] == bundle.spec


def test_both_precisions_run_in_one_process_and_agree_roughly(tiny_recipe, tiny_parts, tmp_path):
    runs = {}
    for precision in ("bf16", "fp32"):
        bundle = fit(
            tiny_recipe("train.epochs=1", f"train.precision={precision}"), tiny_parts, tmp_path / precision
        )
        assert {v.dtype for v in bundle.method.state_dict().values()} <= {torch.float32, torch.int64}
        runs[precision] = bundle.state.history[0]
    assert runs["bf16"]["train_loss"] != runs["fp32"]["train_loss"]
    assert runs["bf16"]["train_loss"] == pytest.approx(runs["fp32"]["train_loss"], rel=0.05)


def test_a_run_can_start_from_another(tiny_recipe, tiny_parts, tmp_path):
    first = fit(tiny_recipe(), tiny_parts, tmp_path / "first")
    learner = make_learner(tiny_recipe(f"init_from={tmp_path / 'first'}"), tiny_parts)
    for name, value in first.method.state_dict().items():
        assert torch.equal(learner.method.state_dict()[name], value), name


def test_a_run_can_end_between_its_start_and_what_it_learnt(tiny_recipe, tiny_parts, tmp_path):
    first = fit(tiny_recipe("train.epochs=2"), tiny_parts, tmp_path / "first").method.state_dict()
    words = (f"init_from={tmp_path / 'first'}", "train.seed=5", "train.select=last")
    learnt = fit(tiny_recipe(*words), tiny_parts, tmp_path / "learnt").method.state_dict()
    recipe = tiny_recipe(*words, "train.start_share=0.25")
    between = fit(recipe, tiny_parts, tmp_path / "between").method.state_dict()
    again = fit(recipe, tiny_parts, tmp_path / "between", resume=True).method.state_dict()
    for name, value in between.items():
        assert torch.equal(again[name], value)
        if value.is_floating_point():
            torch.testing.assert_close(value, 0.25 * first[name] + 0.75 * learnt[name])
    assert any(not torch.allclose(first[name], value) for name, value in learnt.items())
    with pytest.raises(MienError, match=r"train\.start_share goes with an init_from"):
        tiny_recipe("train.start_share=0.25")


def test_a_run_can_start_from_a_part_of_another(tiny_recipe, tiny_parts, tmp_path):
    first = fit(tiny_recipe("train.epochs=1"), tiny_parts, tmp_path / "first").method.state_dict()
    spec = tiny_parts.spec.model_copy(update={"labels": ("fear", "happiness", "surprise")})
    other = dataclasses.replace(tiny_parts, spec=spec)
    start = f"init_from={tmp_path / 'first'}"
    with pytest.raises(
        MienError, match="tells anger, fear, surprise; these data have fear, happiness, surprise"
    ):
        make_learner(tiny_recipe(start), other)
    own = make_learner(tiny_recipe(start, "init_parts=[backbone]"), other).method.state_dict()
    for name, value in own.items():
        assert torch.equal(value, first[name]) == name.startswith("backbone") or not value.any(), name
    with pytest.raises(MienError, match=r"init_parts: 'bakbone' of .* \(baseline\) does not fit"):
        make_learner(tiny_recipe(start, "init_parts=[bakbone]"), other)


@pytest.mark.parametrize(
    ("losses", "stops"), [((3, 4, 5), False), ((3, 4, 5, 6), True), ((6, 3, 4, 5), False), ((3,), False)]
)
def test_patience_may_count_rises_of_the_validation_loss(tiny_recipe, losses, stops):
    train = tiny_recipe("train.patience=3", "train.patience_counts=rises").train
    state = TrainState(epoch=len(losses), history=[{"val_loss": float(loss)} for loss in losses])
    assert _out_of_patience(state, train) == stops


def test_what_diverged_is_named(tiny_recipe, tiny_parts, tmp_path):
    recipe = tiny_recipe("train.lr=1e30", "train.optimizer=sgd", "train.batch_size=27")
    with pytest.raises(MienError, match=r"training diverged: .* on the samples 0-\d+, .* and 19 more; lower"):
        fit(recipe, tiny_parts, tmp_path)


def test_chosen_epochs_are_kept_and_change_nothing(tmp_path, tiny_recipe, tiny_parts):
    plain, keeping = tiny_recipe(), tiny_recipe("train.keep_epochs=[1, 3, 9]")
    assert keeping.digest() == plain.digest()
    bundles = [fit(r, tiny_parts, tmp_path / str(i)) for i, r in enumerate((plain, keeping))]
    assert numbers(bundles[0].state.history) == numbers(bundles[1].state.history)
    kept = sorted(p.name for p in (tmp_path / "1").glob("epoch-*"))
    assert kept == ["epoch-0001.safetensors", "epoch-0003.safetensors"]
    last = load_tensors(tmp_path / "1" / "last.safetensors")[0]
    third, spec, _ = load_model(tmp_path / "1" / kept[1])
    assert spec.labels == tiny_parts.spec.labels
    for name, value in third.state_dict().items():
        assert torch.equal(value, last[f"method.{name}"])
