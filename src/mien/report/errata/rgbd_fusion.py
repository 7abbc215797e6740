"""The RGB-D thesis: what its tables and counts say about each other."""

from __future__ import annotations

from math import ceil

from mien.report.errata.entry import Erratum
from mien.report.published import PublishedItem, load_published


def rgbd_errata() -> tuple[Erratum, ...]:
    """The entries of the thesis."""
    return (
        _bu3dfe(),
        _bu3dfe_views(),
        _ckplus(),
        _voxels(),
        _eight(),
        _layers(),
        _rates(),
        _afnet(),
        _half_size(),
        _captions(),
        _counts(),
    )


def _claim(key: str) -> float:
    return load_published("rgbd_fusion").claims[key].value


def _bu3dfe() -> Erratum:
    levels, classes, people = (int(_claim(f"bu3dfe_{name}")) for name in ("levels", "classes", "subjects"))
    total, neutral = int(_claim("bu3dfe_samples")), int(_claim("bu3dfe_neutral"))
    return Erratum(
        "rgbd-bu3dfe",
        "rgbd_fusion",
        ("table1_1", "figure3_2"),
        "Four intensities of seven classes",
        "contradiction",
        f"Section 3.1: {levels} intensities for {classes} classes by {people} people, therefore {total:,} "
        "samples.",
        f"{levels} * {classes} * {people} = {levels * classes * people:,}. Neutral has one intensity, as "
        f"the same section says further on: {levels} * {classes - 1} * {people} + {neutral} = "
        f"{levels * (classes - 1) * people + neutral:,}.",
        f"Expects {total:,} pictures, {neutral} of them neutral.",
    )


def _bu3dfe_views() -> Erratum:
    total, views = int(_claim("bu3dfe_samples")), int(_claim("bu3dfe_views"))
    return Erratum(
        "rgbd-bu3dfe-views",
        "rgbd_fusion",
        ("table1_1",),
        "Two sizes of BU-3DFE, in number and in pixels",
        "contradiction",
        f"Section 1.5: two views of each expression, {views:,} pictures, "
        f"{_claim('bu3dfe_width_survey'):.0f} pixels wide. Table 1.1 and section 3.1: {total:,} samples, "
        f"{_claim('bu3dfe_width'):.0f} pixels wide.",
        f"Two views of {total:,} meshes would be {2 * total:,}; {views:,} - {total:,} = {views - total}.",
        f"Counts {total:,} meshes and takes the size of a picture from its file.",
    )


def _ckplus() -> Erratum:
    women, men = _claim("ckplus_female"), _claim("ckplus_male")
    return Erratum(
        "rgbd-ckplus",
        "rgbd_fusion",
        ("table1_1",),
        "The people and the labels of CK+",
        "contradiction",
        f"Section 1.5: {women:.0f} % female and {men:.0f} % male; labels of six emotions and neutral. Table "
        "1.1: six emotions and contempt.",
        f"{women:.0f} + {men:.0f} = {women + men:.0f}; {100 - women:.0f} % would make the whole.",
        "Reads six emotions and contempt, which CK+'s own label files have; neutral is no label of theirs.",
    )


def _voxels() -> Erratum:
    side = int(_claim("voxel_side"))
    n = side**3
    return Erratum(
        "rgbd-voxels",
        "rgbd_fusion",
        (),
        "The memory of a voxel grid",
        "contradiction",
        f"Section 1.4.1: a small binary grid of {side} * {side} * {side} voxels needs "
        f"{_claim('voxel_memory'):.0f} GB.",
        f"{side}^3 = {n:,} bits = {n // 8:,} bytes, which is {n // 8 // 1024} kB.",
        "Uses no voxels.",
    )


def _eight() -> Erratum:
    named = int(_claim("eight_classes_named"))
    return Erratum(
        "rgbd-eight-classes",
        "rgbd_fusion",
        ("table2_1",),
        "Eight classes, six names",
        "contradiction",
        f"Section 2.5 lists the eight classes by {named} names: neutral, sad, surprise, fear, disgust, "
        "anger.",
        f"8 - {named} = {8 - named}: happiness is missing, and contempt, which the next words discard.",
        "Eight classes are the six basic emotions, neutral and contempt.",
    )


def _sides(table: PublishedItem, start: int) -> list[int]:
    """Side of the map after each layer of stride 2; padding keeps the size but for the stride."""
    sides = [start]
    for row in table.rows:
        cell = table.rows[row][table.columns.index("stride")]
        if cell == 2:
            sides.append(ceil(sides[-1] / 2))
    return sides


def _layers() -> Erratum:
    table = load_published("rgbd_fusion").items["table3_1"]
    sides, said = _sides(table, int(_claim("input_side"))), int(_claim("feature_side"))
    into, out = (int(table.value("block 11", name)) for name in ("channels in", "channels out"))
    repeated = int(table.value("block 11", "repetitions"))
    return Erratum(
        "rgbd-layers",
        "rgbd_fusion",
        ("table3_1",),
        "A layer table that shrinks the map once too often",
        "contradiction",
        f"Table 3.1 has {len(sides) - 1} layers of stride 2. Section 3.3: the map that leaves the last "
        f"block is {said} by {said}.",
        f"Halved, {' > '.join(map(str, sides))}: the map would be {sides[-1]} by {sides[-1]}. Without the "
        f"second stride of the stem it is {sides[-2]} by {sides[-2]}. Besides, the block from {into} to "
        f"{out} channels is repeated {repeated} times, though its second repetition would receive {out}.",
        f"The standard EfficientNet-B2, whose last block gives {said} by {said} by "
        f"{_claim('feature_channels'):.0f}.",
    )


def _rates() -> Erratum:
    claims = load_published("rgbd_fusion").claims
    parts = []
    for key in ("rate_trunks", "rate_fusion", "centre_weight"):
        base, power = claims[key].printed.split("^")
        parts.append(f"{claims[key].printed} = {float(base) ** int(power):.0f}, meant {claims[key].value:g}")
    return Erratum(
        "rgbd-powers",
        "rgbd_fusion",
        ("table3_2",),
        "Powers of one",
        "contradiction",
        "Table 3.2 and section 3.4 print the largest learning rates as 1^-4 and 1^-3 and the weight of the "
        "centre loss as 1^-2, beside 10^-6.",
        f"{'; '.join(parts)}.",
        "Reads powers of ten.",
    )


def _afnet() -> Erratum:
    four, two = (load_published("rgbd_fusion").items[name] for name in ("table3_4", "table2_1"))
    first, second = four.value("AFNET", "accuracy"), four.value("AFNET, second line", "accuracy")
    return Erratum(
        "rgbd-afnet",
        "rgbd_fusion",
        ("table3_4", "table2_1"),
        "Two accuracies of AFNET under one protocol",
        "contradiction",
        "Table 3.4 gives AFNET two lines, both of six classes and the two highest intensities.",
        f"{first:.2f} and {second:.2f}. Table 2.1 has {two.value('AFNET, BU-3DFE', 'average accuracy'):.2f} "
        f"for AFNET; {second:.2f} is also MFEVIT's ({four.value('MFEVIT', 'accuracy'):.2f}).",
        "Shows both lines as printed.",
    )


def _half_size() -> Erratum:
    side, first, second = _claim("input_side"), _claim("picture_side"), _claim("bu3dfe_width")
    return Erratum(
        "rgbd-half-size",
        "rgbd_fusion",
        ("table3_3", "table3_4"),
        "Half the resolution on one set only",
        "contradiction",
        f"Section 3.5: compared with other works, images are resized to half the resolution, {side:.0f} by "
        f"{side:.0f}.",
        f"BU-3DFE: {side:.0f} / {second:.0f} = {side / second:.2f}. CalD3r and MenD3s: {side:.0f} / "
        f"{first:.0f} = {side / first:.2f}, an enlargement (section 3.1).",
        f"Resizes both to {side:.0f}.",
    )


def _captions() -> Erratum:
    items = load_published("rgbd_fusion").items
    small, all_sets = int(_claim("cald3r_mend3s_samples")), int(_claim("merged_samples"))
    return Erratum(
        "rgbd-captions",
        "rgbd_fusion",
        ("table3_9", "figure3_13"),
        "A caption and a reference",
        "contradiction",
        "Table 3.9 has the caption of Table 3.3, Results on CalD3RMenD3s; section 3.5 refers to Figure ???.",
        f"Table 3.9 has {items['table3_9'].value('full', 'accuracy'):.2f} % where Table 3.3 has "
        f"{items['table3_3'].value('full', 'accuracy'):.2f} %: it stands in the section of the merged set "
        f"of {all_sets:,} pictures, {all_sets - small:,} more.",
        "Table 3.9 is that of the merged set; the missing figure is taken to be 3.13.",
    )


def _counts() -> Erratum:
    survey = load_published("rgbd_fusion").items["table1_1"]
    first, second = (int(survey.value(name, "samples")) for name in ("cald3r", "mend3s"))
    people = [int(survey.value(name, "subjects")) for name in ("cald3r", "mend3s")]
    arm = load_published("arm").claims
    fer = [int(arm[f"fer2013_{part}"].value) for part in ("train", "validation", "test")]
    total, bu3dfe = int(_claim("merged_samples")), int(_claim("bu3dfe_samples"))
    epoch = first + second
    steps = epoch / _claim("folds") * (_claim("folds") - 1) / _claim("batch")
    printed = load_published("rgbd_fusion").claims["epoch_iterations"].printed
    return Erratum(
        "rgbd-counts",
        "rgbd_fusion",
        ("table1_1", "table3_9"),
        "Counts that agree",
        "reading",
        f"Table 1.1, section 3.1, the merged set of {total:,} pictures, and {printed} iterations an epoch.",
        f"{first:,} + {second:,} = {epoch:,} pictures of {people[0]} + {people[1]} = {sum(people)} people. "
        f"FER2013: {' + '.join(f'{n:,}' for n in fer)} = {sum(fer):,}, by ARM's section 4.1. {total:,} - "
        f"{epoch:,} - {bu3dfe:,} = {total - epoch - bu3dfe} pictures come from Bosphorus. Four of five "
        f"folds in batches of {_claim('batch'):.0f} are {steps:.3f} iterations.",
        "Checks the counts of a folder against these.",
    )
