"""Every recipe that comes with mien runs from data to export, small and on drawn faces."""

import pytest

from mien import api
from mien.core.errors import MienError
from mien.core.recipe import ablation
from mien.methods import parse_params

# one recipe per method is also exported; the methods' own tests export each of them
FIRST_OF_ITS_METHOD = {api.load_recipe(n).method.name: n for n in reversed(list(api.list_recipes()))}


@pytest.mark.parametrize("name", list(api.list_recipes()))
def test_it_runs(name):
    bundle = api.dry_run(api.load_recipe(name), exported=name in FIRST_OF_ITS_METHOD.values())
    assert bundle.state.epoch == 2
    assert all(row["train_loss"] > 0 for row in bundle.state.history)


def test_the_command_says_that_nothing_was_kept(mien, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    tried = mien("train", "fer2013_mff_cnn", "--dry-run")
    assert tried.code == 0, tried.err
    assert "runs from data to export" in tried.out
    assert list(tmp_path.iterdir()) == []


def test_a_start_from_an_unknown_run_cannot_be_tried():
    recipe = api.load_recipe("fer2013_mff_cnn", ["init_from=runs/nobody"])
    with pytest.raises(MienError, match="runs/nobody is no run of a recipe that comes with mien"):
        api.dry_run(recipe)


@pytest.mark.parametrize("name", list(api.list_recipes()))
def test_its_ablations_are_other_networks_or_other_losses(name):
    recipe = api.load_recipe(name)
    seen = {recipe.digest()}
    for row in recipe.ablations:
        changed = ablation(recipe, row)
        parse_params(changed.method.name, changed.method.params)
        assert changed.digest() not in seen, row
        seen.add(changed.digest())


def test_an_ablation_that_is_not_there():
    recipe = api.load_recipe("rafdb_arm_resnet18")
    with pytest.raises(MienError, match="has no ablation 'fada'; did you mean 'fa_da'"):
        ablation(recipe, "fada")
