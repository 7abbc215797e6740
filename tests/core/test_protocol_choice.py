import pytest

from mien.core.errors import MienError
from mien.core.protocol_choice import KFold, parse_protocol
from mien.core.recipe import ablation, parse_recipe

RECIPE = """
name: small
method: {name: baseline}
data: {name: synthetic-rgbd, train_split: all, protocol: {name: kfold, folds: 5}}
train: {epochs: 1, lr: 0.1}
ablations:
  image_folds: {data.protocol.group: image}
"""


def test_a_recipe_reads_its_protocol_and_its_rows_may_change_it():
    recipe = parse_recipe(RECIPE, "small.yaml")
    assert recipe.data.protocol == KFold(folds=5)
    changed = ablation(recipe, "image_folds")
    assert changed.data.protocol == KFold(folds=5, group="image")
    assert changed.digest() != recipe.digest()


def test_a_protocol_can_be_set_where_there_was_none():
    plain = parse_recipe(RECIPE, "small.yaml", ["data.protocol=null", "data.train_split=train"])
    assert plain.data.protocol is None
    text = plain.model_dump_json(exclude={"ablations"})
    again = parse_recipe(text, "small.json", ["data.protocol.name=leave_one_out"])
    assert again.data.protocol.in_words() == (
        "leave one subject out, 20% of each training part held out, seed 0"
    )


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["data.protocol.foldz=3"], r"data\.protocol\.kfold\.foldz: .* did you mean 'folds'"),
        (["data.protocol.name=kfolds"], r"data\.protocol: there is no 'kfolds'; did you mean 'kfold'"),
        (["data.protocol={folds: 3}"], r"data\.protocol: its name is missing"),
        (["data.protocol.folds=1"], r"folds: .*greater than or equal to 2"),
        (["data.test_split=test"], "a protocol divides train_split"),
        (["data.val_split=val"], "a protocol divides train_split"),
        (["data.protocol.val_fraction=0"], "has no validation part"),
        (["data.protocol=null", "data.test_split=all"], "are both 'all': give a protocol"),
    ],
)
def test_what_does_not_fit_is_one_line(words, says):
    with pytest.raises(MienError, match=says):
        parse_recipe(RECIPE, "small.yaml", words)


def test_parity_needs_no_validation_part():
    words = ["data.protocol={name: mff_image_folds}", "train.select=best_test"]
    protocol = parse_recipe(RECIPE, "small.yaml", words).data.protocol
    assert protocol.in_words() == "10 x 10-fold by image, no validation part, seed 0"


def test_each_protocol_says_what_it_is():
    assert parse_protocol({"name": "bu3dfe_60"}).in_words() == (
        "100 x 10-fold by subject among 60 subjects drawn anew for each repetition, "
        "20% of each training part held out, seed 0"
    )
    assert parse_protocol({"name": "thesis_60_40"}).in_words() == (
        "10 random splits 60% / 40% by image, no validation part, seed 0"
    )
    told = parse_protocol({"name": "mff_image_folds", "eightfold": "before_split"}).in_words()
    assert "made eightfold before they were divided" in told
