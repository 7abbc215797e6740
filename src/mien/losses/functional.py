"""Losses as pure functions, each with the source of its formula.

"Thesis" is the one on RGB-D fusion, which `mien.methods.rgbd_fusion` names. B samples, K classes. Equal
features, equal maps, a class without samples and a batch of one all give finite values and gradients.
"""

from __future__ import annotations

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

VARIANCE_FLOOR = 1e-12
"""Smallest variance that is divided by."""


def at_least_fp32(x: Tensor) -> Tensor:
    """bf16 and fp16 widened to fp32, for sums and logarithms; wider types as they are."""
    return x.to(torch.promote_types(x.dtype, torch.float32))


def weighted_mean(per_sample: Tensor, weight: Tensor | None = None) -> Tensor:
    """sum_i w_i v_i / sum_i w_i; the plain mean without weights.

    Args:
        per_sample: [B] values.
        weight: [B] weights.
    """
    if weight is None:
        return per_sample.mean()
    return (per_sample * weight).sum() / weight.sum()


# Terms over logits, against target distributions and with weights of the samples.


def cross_entropy(logits: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
    """-sum_i w_i sum_k t_ik log softmax(z_i)_k / sum_i w_i.

    Limit case: with one-hot targets this is torch's cross-entropy, class weights included.

    Args:
        logits: [B, K].
        target: [B, K] distributions.
        weight: [B]; None weighs all alike.
    """
    return weighted_mean(-(target * F.log_softmax(at_least_fp32(logits), dim=1)).sum(1), weight)


def focal(
    logits: Tensor, target: Tensor, alpha: float = 1.0, gamma: float = 2.0, weight: Tensor | None = None
) -> Tensor:
    """-alpha mean_i sum_k t_ik (1 - p_ik)^gamma log p_ik with p = softmax(z) (thesis, eq. 2.22).

    Lin et al. (ICCV 2017), whose targets are one-hot; a distribution gives the expected value. An alpha for
    each class comes as the samples' weights. Limit case: gamma = 0 and alpha = 1 is `cross_entropy`.

    Args:
        logits: [B, K].
        target: [B, K] distributions.
        alpha: Factor of the whole.
        gamma: How much samples count less that are right already; 0 or more.
        weight: [B]; None weighs all alike.
    """
    log_p = F.log_softmax(at_least_fp32(logits), dim=1)
    # With gamma < 1 the power has no finite gradient at 1 - p = 0, where the term is 0 anyway
    rest = (-torch.expm1(log_p)).clamp_min(torch.finfo(log_p.dtype).tiny)  # 1 - p
    return alpha * weighted_mean(-(target * rest.pow(gamma) * log_p).sum(1), weight)


HingeForm = Literal["pairwise", "one_vs_rest"]


def squared_hinge(
    logits: Tensor, target: Tensor, form: HingeForm = "pairwise", weight: Tensor | None = None
) -> Tensor:
    """Multi-class squared hinge loss, in one of two forms that both go by this name.

    ``pairwise``: mean_i sum_{j != y_i} max(0, 1 + z_ij - z_iy)^2 (thesis, eq. 2.14).
    ``one_vs_rest``: mean_i sum_k max(0, 1 - s_ik z_ik)^2, s = +1 at k = y_i and -1 elsewhere (the L2-SVM of
    Tang, 2013, whom the thesis cites). A distribution as target gives the expected value of either.

    Args:
        logits: [B, K].
        target: [B, K] distributions.
        form: Which.
        weight: [B]; None weighs all alike.
    """
    z = at_least_fp32(logits)
    if form == "one_vs_rest":
        per_class = target * F.relu(1 - z).square() + (1 - target) * F.relu(1 + z).square()
        return weighted_mean(per_class.sum(1), weight)
    hinges = F.relu(1 + z.unsqueeze(1) - z.unsqueeze(2)).square()  # [B, K (y), K (j)]
    return weighted_mean((target * (hinges.sum(2) - 1)).sum(1), weight)  # j = y adds 1


def constrained_angle_logits(u: Tensor, norm: Tensor, negative_slope: float = 0.1) -> Tensor:
    """z_ik = ||x_i|| LReLU(u_ik), the exponent of EMMA's eq. 2.

    u = BN(cos(w_k, x_i)): the text after eq. 2 has the batch normalisation that the equation leaves out. It
    must see the cosine alone; ||x|| may stand inside LReLU too, which is positively homogeneous.

    Args:
        u: [B, K] normalised cosines.
        norm: [B] or [B, 1] norms of the features.
        negative_slope: NS; 1 leaves u as it is.
    """
    return at_least_fp32(norm).reshape(-1, 1) * F.leaky_relu(at_least_fp32(u), negative_slope)


def constrained_angle(
    u: Tensor, norm: Tensor, target: Tensor, negative_slope: float = 0.1, weight: Tensor | None = None
) -> Tensor:
    """L_CA = -(1/B) sum_i log(e^{||x_i|| LReLU(u_iy)} / sum_k e^{||x_i|| LReLU(u_ik)}), EMMA's eq. 2.

    Printed without the logarithm, the sum over the samples and the batch normalisation.

    Args:
        u: [B, K], see `constrained_angle_logits`.
        norm: [B] or [B, 1] norms of the features.
        target: [B, K] distributions.
        negative_slope: NS.
        weight: [B]; None weighs all alike.
    """
    return cross_entropy(constrained_angle_logits(u, norm, negative_slope), target, weight)


# Terms over features and centres: y [B] holds hard labels.


def compactness(latents: Tensor, centres: Tensor) -> Tensor:
    """L_C = (1/B) sum_i sum_j ||l_ij - c_j||^2 (FDRL, eq. 2).

    Args:
        latents: [B, M, D].
        centres: [M, D], one of each latent.
    """
    return (at_least_fp32(latents) - centres).square().sum((1, 2)).mean()


def balance(intra_weights: Tensor) -> Tensor:
    """L_B = ||mean_i w_i - (1/M, ..., 1/M)||_1 (FDRL, eq. 6).

    Args:
        intra_weights: [B, M], w_ij = alpha_ij.
    """
    return (at_least_fp32(intra_weights).mean(0) - 1 / intra_weights.shape[1]).abs().sum()


def distribution(intra_weights: Tensor, centres: Tensor, y: Tensor) -> Tensor:
    """L_D = (1/B) sum_i ||w_i - w_{k_i}||^2 (FDRL, eq. 5): the centre loss of the intra-weights.

    Args:
        intra_weights: [B, M].
        centres: [K, M].
        y: [B], k_i.
    """
    return centre(intra_weights, centres, y)


def centre(features: Tensor, centres: Tensor, y: Tensor) -> Tensor:
    """L_C = (1/B) sum_i ||x_i - c_{y_i}||^2 (Wen et al., ECCV 2016; thesis, eq. 2.15).

    The thesis prints half the sum of the norms, not squared; its code has the mean of the squares, as here.

    Args:
        features: [B, D].
        centres: [K, D].
        y: [B].
    """
    return (at_least_fp32(features) - centres[y]).square().sum(1).mean()


def centre_step(centres: Tensor, values: Tensor, y: Tensor, step: float = 0.5) -> Tensor:
    """c_j - a sum_{i: y_i = j} (c_j - x_i) / (1 + n_j) (thesis, eq. 2.16 and 2.17); c_j where n_j = 0.

    Args:
        centres: [K, D].
        values: [B, D].
        y: [B], the centre that each value belongs to.
        step: a.

    Returns:
        The moved centres, [K, D].
    """
    members = F.one_hot(y, len(centres)).to(values.dtype)  # [B, K]
    counts = members.sum(0).unsqueeze(1)  # n_j, [K, 1]
    return centres - step * (counts * centres - members.T @ values) / (1 + counts)


def island(features: Tensor, centres: Tensor, y: Tensor, lambda2: float = 10.0) -> Tensor:
    """L_C + lambda2 L_P, the island loss as Cai et al. (FG 2018) and the thesis's code group it.

    Eq. 2.19 of the thesis puts lambda1 L_C and lambda2 L_P side by side, where lambda2 = 10 would make the
    pairwise term 100 times as strong.

    Args:
        features: [B, D].
        centres: [K, D].
        y: [B].
        lambda2: Weight of the pairwise term.
    """
    return centre(features, centres, y) + lambda2 * island_pairwise(centres)


def island_pairwise(centres: Tensor) -> Tensor:
    """L_P = sum_j sum_{k != j} ((c_j . c_k) / (||c_j|| ||c_k||) + 1) (thesis, eq. 2.20).

    Printed with a minus in the denominator. The code it cites leaves the diagonal in, a constant K.

    Args:
        centres: [K, D].
    """
    cosines = F.cosine_similarity(centres.unsqueeze(1), centres.unsqueeze(0), dim=2)  # [K, K]
    others = ~torch.eye(len(centres), dtype=torch.bool, device=centres.device)
    return (cosines[others] + 1).sum()


def island_centre_bracket(centres: Tensor) -> Tensor:
    """sum_{k != j} (c_k ||c_j||^2 - (c_j . c_k) c_j) / (||c_k|| ||c_j||^3) for each j (thesis, eq. 2.21).

    Read with its "c_k . c_j^2" as (c_k . c_j) c_j and without the outer sum over j. It is half the gradient
    of `island_pairwise`, which counts each pair twice. A centre at the origin has no direction: 0.

    Args:
        centres: [K, D].

    Returns:
        [K, D].
    """
    norms = torch.linalg.vector_norm(centres, dim=1, keepdim=True)
    units = F.normalize(centres, dim=1)
    # In units u the bracket is sum_k (u_k - (u_j . u_k) u_j) / ||c_j||; k = j adds nothing to it
    bracket = (units.sum(0) - (units @ units.T).sum(1, keepdim=True) * units) / norms
    return torch.where(norms > 0, bracket, 0.0)


def island_centre_step(centres: Tensor, features: Tensor, y: Tensor, step: float = 0.5) -> Tensor:
    """`centre_step` and - a bracket_j / (1 + K) in one (thesis, eq. 2.16 and 2.21).

    Args:
        centres: [K, D].
        features: [B, D].
        y: [B].
        step: a.

    Returns:
        The moved centres, [K, D].
    """
    towards_members = centre_step(centres, features, y, step)
    return towards_members - step * island_centre_bracket(centres) / (1 + len(centres))


def affinity(pooled: Tensor, centres: Tensor, y: Tensor) -> Tensor:
    """(1/B) sum_i ||GAP(X_i) - c_{y_i}||^2 / sum_d Var_k(c_kd) (DAN, Wen et al., Biomimetics 2023).

    Args:
        pooled: [B, D], the trunk's map, averaged.
        centres: [K, D], learnt; their variance over the classes is the unbiased one.
        y: [B].
    """
    return centre(pooled, centres, y) / centres.var(0).sum().clamp_min(VARIANCE_FLOOR)


# Terms over attention heads.


def partition(heads: Tensor) -> Tensor:
    """log(1 + H / mean(Var_h)), the mean over samples and dimensions (DAN, Wen et al., Biomimetics 2023).

    Args:
        heads: [B, H, D], the heads' outputs after log-softmax over H; their variance is the unbiased one. One
            head has nothing to differ from and gives 0.
    """
    n_heads = heads.shape[1]
    if n_heads == 1:
        return at_least_fp32(heads).sum() * 0
    spread = at_least_fp32(heads).var(1).mean().clamp_min(VARIANCE_FLOOR)
    return torch.log1p(n_heads / spread)


def attention_diversity(maps: Tensor, eps: float = 1e-8) -> Tensor:
    """H (H - 1) / 2 pairs over the sum of their mean squared errors (DDAMFN, Zhang et al., Electronics 2023).

    Args:
        maps: [B, H, ...] attention maps. One head has nothing to differ from and gives 0.
        eps: Added to the sum, which is 0 for equal maps.
    """
    maps = at_least_fp32(maps)
    first, second = torch.triu_indices(maps.shape[1], maps.shape[1], offset=1, device=maps.device)
    n_pairs = len(first)
    if n_pairs == 0:
        return maps.sum() * 0
    errors = (maps[:, first] - maps[:, second]).square()  # [B, pairs, ...]
    return n_pairs / (errors.mean() * n_pairs + eps)
