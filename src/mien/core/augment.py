"""Random changes of training pictures, as a recipe names them, and the published sets of them."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, model_validator

from mien.core.registry import suggest
from mien.core.specs import Frozen

Change = Literal["flip", "move", "colour", "low_resolution", "blur", "noise", "erase"]

POLICIES: dict[str, dict[str, Any]] = {
    # a mirror image or noise of variance 30 on the 0..255 scale, never both; then 2 to 10 % erased
    "arm": {
        "flip": 1.0,
        "noise_std": 30**0.5 / 255,
        "one_of": ["flip", "noise"],
        "one_of_share": 0.5,
        "erase": 0.5,
        "erase_area": (0.02, 0.1),
        "erase_fill": "mean",
    },
    # 224 of 256 px at random; input.central is 0.875, so tests see the middle 224
    "fdrl": {"flip": 0.5, "random_crop": True},
    # every fifth picture is rotated and then cropped from its padded self: 32 of 224 px
    "dan": {
        "flip": 0.5,
        "rotate_deg": 20.0,
        "crop_pad": 1 / 7,
        "move": 0.2,
        "border": "black",
        "erase": 0.5,
        "erase_fill": "mean",
    },
    # the same with less of it: 8 of 112 px
    "ddamfn": {
        "flip": 0.5,
        "rotate_deg": 5.0,
        "crop_pad": 1 / 14,
        "move": 0.2,
        "border": "black",
        "erase": 0.5,
        "erase_fill": "mean",
    },
    "emma": {"flip": 0.5},
    # colour and depth go through the same rotation, mirror and erasing; colours alone are jittered
    "rgbd": {
        "flip": 0.5,
        "rotate_deg": 10.0,
        "border": "black",
        "jitter": 0.1,
        "erase": 0.5,
        "erase_fill": "mean",
    },
    # nothing while learning: JAFFE is made eight times as large beforehand (a protocol's `eightfold`)
    "mff": {"flip": 0.0},
}
"""What the papers, or their authors' code where the papers are silent, do to training pictures."""


class Augment(Frozen):
    """Random changes of a training batch; each range is uniform and symmetric. All off at 0.

    Attributes:
        policy: A published set of changes (``arm fdrl dan ddamfn emma rgbd mff``), which further keys change.
        flip: Probability of a mirror image.
        rotate_deg: Largest rotation either way.
        scale: Largest relative change of size.
        shift: Largest shift as a fraction of the side.
        crop_pad: Largest shift by whole pixels, as a fraction of the side: a random crop of the picture
            padded by as much.
        move: Probability that rotation, size, shift and padded crop are applied at all.
        border: What comes into the picture from outside: its ``repeat``-ed edge, or ``black``.
        random_crop: Learn from random crops of what `InputSpec.central` shows the middle of.
        brightness: Largest additive change on the 0..1 scale.
        contrast: Largest relative change of contrast.
        jitter: Largest relative change of brightness, contrast and saturation, one after the other.
        low_resolution: Probability of being shrunk to a third of the side or more and enlarged again.
        blur: Probability of a Gaussian blur.
        blur_px: Its largest standard deviation, in pixels of the crop.
        noise: Largest standard deviation of additive Gaussian noise on the 0..1 scale.
        noise_std: Standard deviation of additive Gaussian noise that is the same for every picture.
        noise_px: Side of the picture that the noise is added to before it is enlarged to the crop; None:
            the crop itself.
        erase: Probability of one random erased rectangle.
        erase_area: Its least and greatest share of the area.
        erase_fill: What it shows: ``noise``, or the input's ``mean``, which is 0 once normalised.
        one_of: Changes of which never more than one happens to a picture; whether it happens is then up to
            `one_of_share`, and not to its own probability.
        one_of_share: Probability that one of them happens, each as likely.
    """

    policy: str | None = None
    flip: float = Field(default=0.5, ge=0, le=1)
    rotate_deg: float = Field(default=0.0, ge=0, le=180)
    scale: float = Field(default=0.0, ge=0, lt=1)
    shift: float = Field(default=0.0, ge=0, lt=1)
    crop_pad: float = Field(default=0.0, ge=0, lt=1)
    move: float = Field(default=1.0, ge=0, le=1)
    border: Literal["repeat", "black"] = "repeat"
    random_crop: bool = False
    brightness: float = Field(default=0.0, ge=0, le=1)
    contrast: float = Field(default=0.0, ge=0, lt=1)
    jitter: float = Field(default=0.0, ge=0, lt=1)
    low_resolution: float = Field(default=0.0, ge=0, le=1)
    blur: float = Field(default=0.0, ge=0, le=1)
    blur_px: float = Field(default=1.5, ge=0.3, le=16)
    noise: float = Field(default=0.0, ge=0, le=1)
    noise_std: float = Field(default=0.0, ge=0, le=1)
    noise_px: int | None = Field(default=None, ge=8, le=2048)
    erase: float = Field(default=0.0, ge=0, le=1)
    erase_area: tuple[float, float] = (0.02, 0.25)
    erase_fill: Literal["noise", "mean"] = "noise"
    one_of: tuple[Change, ...] = ()
    one_of_share: float = Field(default=0.5, ge=0, le=1)

    @model_validator(mode="before")
    @classmethod
    def _filled_from_policy(cls, given: Any) -> Any:
        if not isinstance(given, dict) or given.get("policy") is None:
            return given
        name = str(given["policy"])
        if name not in POLICIES:
            raise ValueError(
                f"there is no policy {name!r}{suggest(name, list(POLICIES))} (known: {', '.join(POLICIES)})"
            )
        return POLICIES[name] | given

    @model_validator(mode="after")
    def _consistent(self) -> Augment:
        least, greatest = self.erase_area
        if not 0 < least <= greatest < 1:
            raise ValueError(
                f"erase_area is the least and the greatest share of the area, got {least} {greatest}"
            )
        if len(self.one_of) == 1 or len(set(self.one_of)) < len(self.one_of):
            raise ValueError("one_of names two different changes or more")
        off = [name for name in self.one_of if not self.has(name)]
        if off:
            raise ValueError(f"one_of names changes that are off: {', '.join(off)}")
        return self

    def has(self, change: Change) -> bool:
        """Whether a kind of change can happen at all."""
        return {
            "flip": self.flip > 0,
            "move": self.move > 0 and self.moves,
            "colour": bool(self.brightness or self.contrast or self.jitter),
            "low_resolution": self.low_resolution > 0,
            "blur": self.blur > 0,
            "noise": bool(self.noise or self.noise_std),
            "erase": self.erase > 0,
        }[change]

    @property
    def moves(self) -> bool:
        """Whether anything but a mirror image changes where a pixel is."""
        return bool(self.rotate_deg or self.scale or self.shift or self.crop_pad)
