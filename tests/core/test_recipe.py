from pathlib import Path

import pytest
import yaml

from mien.core.errors import MienError
from mien.core.recipe import Recipe, parse_recipe, validate_recipe

RECIPES = sorted((Path(__file__).parents[2] / "recipes").glob("*.yaml"))
SMALL = """
name: small
method: {name: baseline}
data: {name: fer2013, train_split: Training}
train: {epochs: 2, lr: 0.1}
"""


def test_defaults_are_filled_in():
    recipe = parse_recipe(SMALL, "small.yaml")
    assert (recipe.train.batch_size, recipe.data.val_fraction, recipe.augment.flip) == (64, 0.1, 0.5)


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("train.epoch=3", "train.epoch: there is no such key; did you mean 'epochs'?"),
        ("augment.rotate=3", "augment.rotate: there is no such key; did you mean 'rotate_deg'?"),
        ("trian.lr=3", "trian: there is no such key; did you mean 'train'?"),
        ("input.sise_px=48", "input.sise_px: there is no such key; did you mean 'size_px'?"),
        ("expected=[{valeu: 1}]", "expected.0.valeu: there is no such key; did you mean 'value'?"),
    ],
)
def test_a_typo_is_one_line_with_the_nearest_key(override, said):
    with pytest.raises(MienError) as caught:
        parse_recipe(SMALL, "small.yaml", [override])
    assert said in str(caught.value)
    assert str(caught.value).startswith("small.yaml: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("train.lr=-1", "train.lr: Input should be greater than 0, got -1"),
        ("train.epochs=many", "train.epochs: .*got 'many'"),
        ("train.schedule=linear", "'one_cycle' or 'constant', got 'linear'"),
        ("train.select=best_test", "select: best_test needs data.test_split"),
        ("train={lr: 0.1}", "train.epochs: is missing"),
        (
            "train={epochs: 1, lr: 1, batch_size: 4, accumulate: 5}",
            r"accumulate \(5\) cannot exceed batch_size \(4\)",
        ),
        ("train={epochs: 1, lr: 1, select: last, patience: 5}", "patience needs a selection"),
        ("train.lr.peak=1", r"train.lr.peak: lr is a value, not a section"),
        ("train.lr", "--set train.lr: expected key=value"),
        ("train.lr=[", r"--set train.lr=\[: .* is not YAML"),
    ],
)
def test_a_wrong_value_is_one_line(override, said):
    with pytest.raises(MienError, match=said) as caught:
        parse_recipe(SMALL, "small.yaml", [override])
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["a: [", "just words", ""])
def test_what_is_no_recipe_is_one_line(text):
    with pytest.raises(MienError, match=r"small\.yaml") as caught:
        parse_recipe(text, "small.yaml")
    assert "\n" not in str(caught.value)


def test_overrides_are_yaml_and_make_sections():
    overrides = [
        "train.lr=1e-3",
        "method.params.backbone.name=resnet34",
        "train.patience=null",
        "augment={flip: 0}",
    ]
    recipe = parse_recipe(SMALL, "small.yaml", overrides)
    assert recipe.train.lr == 0.001
    assert recipe.method.params == {"backbone": {"name": "resnet34"}}
    assert recipe.train.patience is None
    assert recipe.augment.flip == 0


def test_the_digest_knows_numbers_and_ignores_words():
    plain = parse_recipe(SMALL, "small.yaml")
    words = [
        "name=other",
        "about=text",
        "expected=[{value: 1, source: table}]",
        "ablations={a: {train.lr: 1}}",
    ]
    assert parse_recipe(SMALL, "small.yaml", words).digest() == plain.digest()
    assert parse_recipe(SMALL, "small.yaml", ["train.seed=1"]).digest() != plain.digest()


def test_a_key_younger_than_committed_reports_counts_where_it_is_set():
    plain = parse_recipe(SMALL, "small.yaml")
    assert "blur_px" not in plain.facts()["augment"]
    assert parse_recipe(SMALL, "small.yaml", ["augment.blur_px=1.5"]).digest() == plain.digest()
    assert parse_recipe(SMALL, "small.yaml", ["augment.blur_px=2.5"]).digest() != plain.digest()


def test_a_recipe_round_trips_through_json():
    recipe = parse_recipe(SMALL, "small.yaml", ["train.size_schedule={0: 32, 3: 48}"])
    assert Recipe.model_validate_json(recipe.model_dump_json()) == recipe


def test_recipes_are_there():
    assert {"fer2013_baseline_resnet18", "fer2013_mff_cnn"} <= {path.stem for path in RECIPES}


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_every_recipe_validates(path):
    tree = yaml.safe_load(path.read_text(encoding="utf-8"))
    recipe = validate_recipe(tree, path.name)
    named = path.stem.split("_")[0]
    if recipe.data.name == "csv":  # a merged table; the recipe says how it is made
        assert f"--out {named}/labels.csv" in " ".join(recipe.about.split())
    else:
        assert recipe.data.name == named
    for name, changes in recipe.ablations.items():
        overrides = [
            f"{key}={yaml.safe_dump(value, default_flow_style=True)}" for key, value in changes.items()
        ]
        assert parse_recipe(path.read_text(encoding="utf-8"), name, overrides).digest() != recipe.digest()
