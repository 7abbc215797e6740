"""The size of MFF-CNN from its layers, without building it: the arithmetic behind two of its entries."""

from __future__ import annotations

from dataclasses import dataclass

from mien.report.published import load_published

# mien's inference: 3x3 kernels without padding, 2x2 pools, grey input, 4 maps but 32 where a feature is taken
IMAGE_WIDTHS = (4, 4, 4, 32, 4, 32)
PATCH_WIDTHS = (4, 4, 4, 32)
N_CLASSES = 6


@dataclass(frozen=True)
class Size:
    """Parameters and operations.

    Attributes:
        parameters: Of the whole network.
        operations: Multiply-accumulates, and additions of the convolutions' biases, for one face.
        mid: Parameters of the mid-level layer.
        mid_if_before_pool: The same, were it fed before the pooling.
        vector: Numbers in one local vector.
        without_mid: Parameters without mid-level features.
        without_selection: Parameters without selection.
    """

    parameters: int
    operations: int
    mid: int
    mid_if_before_pool: int
    vector: int
    without_mid: int
    without_selection: int


def tower(side: int, widths: tuple[int, ...]) -> tuple[int, int, list[int]]:
    """Parameters, operations and the sides of the pooled maps of convolutions in pairs, each pair pooled.

    Args:
        side: Of the grey input.
        widths: Maps of each convolution.
    """
    parameters, operations, sides, channels = 0, 0, [], 1
    for place, width in enumerate(widths):
        side -= 2
        parameters += (9 * channels + 1) * width
        operations += side**2 * (9 * channels + 1) * width
        channels = width
        if place % 2:
            side //= 2
            sides.append(side)
    return parameters, operations, sides


def layer_sizes() -> Size:
    """Sizes of the network that mien builds, from the widths and the numbers that the paper prints."""
    claims = load_published("mff_cnn").claims
    face, units, patches = (int(claims[name].value) for name in ("input_side", "mid_level_units", "patches"))
    vectors, selected = int(claims["vectors"].value), int(claims["selected"].value)
    patch = 2 * face // (int(patches**0.5) + 1)
    image_parameters, image_operations, image_sides = tower(face, IMAGE_WIDTHS)
    patch_parameters, patch_operations, patch_sides = tower(patch, PATCH_WIDTHS)
    convolutions = image_parameters + patch_parameters
    maps, vector = IMAGE_WIDTHS[3], patch_sides[-1] ** 2
    inputs, high = image_sides[1] ** 2 * maps, image_sides[2] ** 2 * IMAGE_WIDTHS[5]
    mid = (inputs + 1) * units
    heads = ((units + high + 1) + (selected * vector + 1)) * N_CLASSES
    products = inputs * units + (units + high + selected * vector) * N_CLASSES
    return Size(
        parameters=convolutions + mid + heads,
        operations=image_operations + patches * patch_operations + products,
        mid=mid,
        mid_if_before_pool=((2 * image_sides[1]) ** 2 * maps + 1) * units,
        vector=vector,
        without_mid=convolutions + heads - units * N_CLASSES,
        without_selection=convolutions + mid + heads + (vectors - selected) * vector * N_CLASSES,
    )
