import pytest

from mien.core.augment import POLICIES, Augment
from mien.core.errors import MienError
from mien.core.recipe import ablation, parse_recipe, validate_recipe

RECIPE = """
name: one
method: {name: baseline}
input: {size_px: 32, channels: gray, mean: [0.5], std: [0.25]}
data: {name: fer2013}
train: {epochs: 1, lr: 0.1}
"""


@pytest.mark.parametrize(
    ("name", "facts"),
    [
        # methods.md 1.4, 2.4, 3.8, 3.9, 3.5, 4.4, 5.7
        ("arm", {"one_of": ("flip", "noise"), "one_of_share": 0.5, "erase": 0.5, "erase_area": (0.02, 0.1)}),
        ("fdrl", {"flip": 0.5, "random_crop": True, "erase": 0}),
        ("dan", {"flip": 0.5, "move": 0.2, "rotate_deg": 20, "erase_area": (0.02, 0.25)}),
        ("ddamfn", {"flip": 0.5, "move": 0.2, "rotate_deg": 5, "erase_area": (0.02, 0.25)}),
        ("emma", {"flip": 0.5, "erase": 0, "rotate_deg": 0}),
        ("rgbd", {"flip": 0.5, "rotate_deg": 10, "jitter": 0.1, "erase_area": (0.02, 0.25)}),
        ("mff", {"flip": 0, "erase": 0, "rotate_deg": 0}),
    ],
)
def test_policies_say_what_the_papers_do(name, facts):
    how = Augment(policy=name)
    assert {key: getattr(how, key) for key in facts} == facts


def test_policies_in_the_papers_own_pixels():
    assert (Augment(policy="arm").noise_std * 255) ** 2 == pytest.approx(30)
    assert round(Augment(policy="dan").crop_pad * 224) == 32
    assert round(Augment(policy="ddamfn").crop_pad * 112) == 8


def test_further_keys_change_a_policy_and_the_whole_comes_back_from_a_file():
    recipe = parse_recipe(RECIPE + "augment: {policy: dan, rotate_deg: 7}", "one.yaml", ["augment.erase=0.1"])
    how = recipe.augment
    assert (how.rotate_deg, how.erase, how.move) == (7, 0.1, 0.2)
    again = validate_recipe(recipe.model_dump(mode="json"), "again")
    assert again.augment == how
    assert again.digest() == recipe.digest()


def test_a_policy_that_is_set_replaces_what_stood_there():
    text = RECIPE + "augment: {flip: 0.1, rotate_deg: 12}\nablations: {other: {augment.policy: ddamfn}}"
    recipe = parse_recipe(text, "one.yaml")
    for changed in (ablation(recipe, "other"), parse_recipe(text, "one.yaml", ["augment.policy=ddamfn"])):
        assert changed.augment == Augment(policy="ddamfn")


@pytest.mark.parametrize(
    ("augment", "says"),
    [
        ("{policy: damn}", "there is no policy 'damn'; did you mean 'dan'"),
        ("{one_of: [flip]}", "two different changes or more"),
        ("{one_of: [flip, flip]}", "two different changes or more"),
        ("{one_of: [flip, noise]}", "names changes that are off: noise"),
        ("{erase_area: [0.3, 0.1]}", "least and the greatest share"),
        ("{random_crop: true}", r"random_crop needs input\.central below 1"),
    ],
)
def test_what_makes_no_sense_is_one_line(augment, says):
    with pytest.raises(MienError, match=says) as caught:
        parse_recipe(f"{RECIPE}augment: {augment}", "one.yaml")
    assert "\n" not in str(caught.value)


def test_random_crops_have_room_where_the_model_sees_the_middle():
    recipe = parse_recipe(RECIPE + "augment: {policy: fdrl}", "one.yaml", ["input.central=0.875"])
    assert recipe.input.wide_px == 37
    assert set(POLICIES) == {"arm", "fdrl", "dan", "ddamfn", "emma", "rgbd", "mff"}
