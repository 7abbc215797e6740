"""Losses with centres: moved by a rule of their own after each step, or learnt with the network.

Moved centres are buffers, so they are saved and resumed with the objective and no optimiser owns them; learnt
ones are parameters, which the main optimiser moves.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from mien.core.specs import Frozen
from mien.losses import functional
from mien.losses._base import LOSSES, LossInfo, OutputLoss, Sizes, Targets


class CentreParams(Frozen):
    """Where the features are, and how far the centres move.

    Attributes:
        of: Output that holds the features, [B, D].
        step: Part of the way towards the mean of a step's members that a centre goes (a, alpha).
    """

    of: str = "features"
    step: float = Field(default=0.5, gt=0, le=1)


class MovedCentres(OutputLoss):
    """Centres that move once after each step of the optimiser, by all samples of that step.

    In training mode a forward keeps what it saw, without gradients, until `end_step` uses it up: the parts of
    an accumulated batch move the centres together, as one batch would.
    """

    centres: Tensor

    def __init__(self, sizes: Sizes, params: CentreParams, axes: str) -> None:
        super().__init__(sizes, params.of, axes)
        self.step = params.step
        self._seen: list[tuple[Tensor, Tensor]] = []

    def observe(self, outputs: Mapping[str, Tensor], batch: Targets) -> Tensor:
        """The values of this batch, kept for `end_step` when training."""
        values = functional.at_least_fp32(outputs[self.of])
        if self.training:
            self._seen.append((values.detach(), batch.y))
        return values

    def end_step(self) -> None:
        """Move the centres by what was seen since the last call; nothing seen, nothing moved."""
        if self._seen:
            values, y = (torch.cat(parts) for parts in zip(*self._seen, strict=True))
            self._seen.clear()
            self._move(values, y)

    def _move(self, values: Tensor, y: Tensor) -> None:
        self.centres.copy_(functional.centre_step(self.centres, values, y, self.step))


class Centre(MovedCentres):
    """See `functional.centre`; centres of the classes start from N(0, 1)."""

    def __init__(self, sizes: Sizes, params: CentreParams) -> None:
        super().__init__(sizes, params, "D")
        self.register_buffer("centres", torch.randn(sizes.n_classes, *self.shape))

    def forward(self, outputs: Mapping[str, Tensor], batch: Targets) -> Tensor:
        """Scalar."""
        return functional.centre(self.observe(outputs, batch), self.centres, batch.y)


class IslandParams(CentreParams):
    """Beside the term's own weight, which is lambda 1.

    Attributes:
        pairwise: Lambda 2, the weight of the pairwise term within it.
        center_update: ``explicit`` moves the centres by eq. 2.21, whatever the weights; ``autograd`` is plain
            gradient descent with the rate `step` on lambda 1 (L_C + lambda 2 L_P), as in the thesis's code.
    """

    pairwise: float = Field(default=10.0, ge=0)
    center_update: Literal["explicit", "autograd"] = "explicit"


class Island(MovedCentres):
    """See `functional.island`; centres of the classes start from N(0, 1).

    With ``autograd`` the gradient is taken in `end_step`, over all samples of the step: one left behind by
    the loop's own backward pass would carry the factor that scales an fp16 loss.
    """

    def __init__(self, sizes: Sizes, params: IslandParams) -> None:
        super().__init__(sizes, params, "D")
        self.pairwise, self.center_update = params.pairwise, params.center_update
        self.register_buffer("centres", torch.randn(sizes.n_classes, *self.shape))

    def forward(self, outputs: Mapping[str, Tensor], batch: Targets) -> Tensor:
        """Scalar."""
        return functional.island(self.observe(outputs, batch), self.centres, batch.y, self.pairwise)

    def _move(self, values: Tensor, y: Tensor) -> None:
        if self.center_update == "explicit":
            self.centres.copy_(functional.island_centre_step(self.centres, values, y, self.step))
            return
        with torch.enable_grad():
            centres = self.centres.clone().requires_grad_()
            loss = self.weight * functional.island(values, centres, y, self.pairwise)
            (gradient,) = torch.autograd.grad(loss, centres)
        self.centres.sub_(self.step * gradient)


class CompactnessParams(CentreParams):
    """`of` holds the latent features, [B, M, D]."""

    of: str = "latents"


class Compactness(MovedCentres):
    """See `functional.compactness`; every sample is a member of every latent's centre.

    The centres start as the means of the first step's latents. Before they exist, samples are compared with
    the means of their own batch.
    """

    started: Tensor

    def __init__(self, sizes: Sizes, params: CompactnessParams) -> None:
        super().__init__(sizes, params, "M D")
        self.register_buffer("centres", torch.zeros(self.shape))
        self.register_buffer("started", torch.tensor(False))

    def forward(self, outputs: Mapping[str, Tensor], batch: Targets) -> Tensor:
        """Scalar."""
        latents = self.observe(outputs, batch)
        centres = torch.where(self.started, self.centres, latents.detach().mean(0))
        return functional.compactness(latents, centres)

    def _move(self, values: Tensor, y: Tensor) -> None:
        n_samples, n_latents = values.shape[:2]
        latent = torch.arange(n_latents, device=values.device).repeat(n_samples)
        moved = functional.centre_step(self.centres, values.flatten(0, 1), latent, self.step)  # of [B * M, D]
        self.centres.copy_(torch.where(self.started, moved, values.mean(0)))
        self.started.fill_(True)


class DistributionParams(CentreParams):
    """`of` holds the importance of each latent, [B, M]."""

    of: str = "intra_weights"


class Distribution(MovedCentres):
    """See `functional.distribution`; centres of the classes start at 1/M."""

    def __init__(self, sizes: Sizes, params: DistributionParams) -> None:
        super().__init__(sizes, params, "M")
        self.register_buffer("centres", torch.full((sizes.n_classes, *self.shape), 1 / self.shape[0]))

    def forward(self, outputs: Mapping[str, Tensor], batch: Targets) -> Tensor:
        """Scalar."""
        return functional.distribution(self.observe(outputs, batch), self.centres, batch.y)


class OfPooled(Frozen):
    """Which output holds the trunk's map, averaged over its places, [B, D]."""

    of: str = "pooled"


class Affinity(OutputLoss):
    """See `functional.affinity`; centres start from N(0, 1) and are learnt with the network."""

    def __init__(self, sizes: Sizes, params: OfPooled) -> None:
        super().__init__(sizes, params.of, "D")
        self.centres = nn.Parameter(torch.randn(sizes.n_classes, *self.shape))

    def forward(self, outputs: Mapping[str, Tensor], batch: Targets) -> Tensor:
        """Scalar."""
        return functional.affinity(outputs[self.of], self.centres, batch.y)


LOSSES.register("centre")(
    LossInfo("centre", Centre, CentreParams, "features near their class's centre (Wen et al., ECCV 2016)")
)
LOSSES.register("island")(
    LossInfo(
        "island",
        Island,
        IslandParams,
        "features near their class's centre, and the centres apart (Cai et al., FG 2018)",
    )
)
LOSSES.register("compactness")(
    LossInfo("compactness", Compactness, CompactnessParams, "each latent near its centre (FDRL, eq. 2)")
)
LOSSES.register("distribution")(
    LossInfo(
        "distribution",
        Distribution,
        DistributionParams,
        "the same latents important for all samples of a class (FDRL, eq. 5)",
    )
)
LOSSES.register("affinity")(
    LossInfo("affinity", Affinity, OfPooled, "features near their class, given the classes' spread (DAN)")
)
