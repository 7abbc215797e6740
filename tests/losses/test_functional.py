"""Losses against slow loops written from their formulas, on plain numbers in float64."""

import math

import pytest
import torch
import torch.nn.functional as F

from mien.losses import functional as L

GENERATOR = torch.Generator().manual_seed(0)
B, K, D, M, H = 6, 4, 5, 3, 4
SLOPE, LAMBDA2, EPS = 0.1, 10.0, 1e-8


def rand(*shape):
    return torch.randn(*shape, generator=GENERATOR, dtype=torch.float64)


Y = torch.tensor([0, 1, 0, 3, 1, 0])  # class 2 is absent
HARD = torch.eye(K, dtype=torch.float64)[Y]
SOFT = torch.softmax(rand(B, K), 1)
WEIGHT = torch.tensor([0.5, 1.0, 2.0, 0.1, 3.0, 1.5], dtype=torch.float64)
LOGITS, FEATURES, CENTRES = 2 * rand(B, K), rand(B, D), rand(K, D)
NORM = FEATURES.norm(dim=1)
LATENTS, LATENT_CENTRES = rand(B, M, D), rand(M, D)
INTRA, INTRA_CENTRES = torch.sigmoid(rand(B, M)), torch.sigmoid(rand(K, M))
HEADS, MAPS = rand(B, H, D).log_softmax(1), torch.sigmoid(rand(B, H, 2, 3))


def softmax(z):
    total = sum(math.exp(v) for v in z)
    return [math.exp(v) / total for v in z]


def mean(values, weights=None):
    values = list(values)
    weights = weights or [1.0] * len(values)
    return sum(w * v for w, v in zip(weights, values, strict=True)) / sum(weights)


def squared_distance(a, b):
    return sum((p - q) ** 2 for p, q in zip(a, b, strict=True))


def dot(a, b):
    return sum(p * q for p, q in zip(a, b, strict=True))


def length(a):
    return math.sqrt(dot(a, a))


def lrelu(v):
    return v if v > 0 else SLOPE * v


def slow_cross_entropy(z, t, w):
    return mean(
        (
            -sum(tk * math.log(pk) for tk, pk in zip(ti, softmax(zi), strict=True))
            for zi, ti in zip(z, t, strict=True)
        ),
        w,
    )


def slow_focal(z, t, w, alpha, gamma):
    return mean(
        (
            sum(
                -alpha * tk * (1 - pk) ** gamma * math.log(pk) for tk, pk in zip(ti, softmax(zi), strict=True)
            )
            for zi, ti in zip(z, t, strict=True)
        ),
        w,
    )


def slow_pairwise_hinge(z, t, w):
    def of_class(zi, y):
        return sum(max(0, 1 + zi[j] - zi[y]) ** 2 for j in range(K) if j != y)

    return mean((sum(ti[y] * of_class(zi, y) for y in range(K)) for zi, ti in zip(z, t, strict=True)), w)


def slow_one_vs_rest_hinge(z, t, w):
    def of_class(zi, y):
        return sum(max(0, 1 - (1 if k == y else -1) * zi[k]) ** 2 for k in range(K))

    return mean((sum(ti[y] * of_class(zi, y) for y in range(K)) for zi, ti in zip(z, t, strict=True)), w)


def slow_constrained_angle(u, norm, t, w):
    def of_class(ui, n, y):
        return -math.log(math.exp(n * lrelu(ui[y])) / sum(math.exp(n * lrelu(v)) for v in ui))

    return mean(
        (sum(ti[y] * of_class(ui, n, y) for y in range(K)) for ui, n, ti in zip(u, norm, t, strict=True)), w
    )


def slow_compactness(latents, centres):
    return sum(squared_distance(v, c) for li in latents for v, c in zip(li, centres, strict=True)) / len(
        latents
    )


def slow_balance(w):
    return sum(abs(mean(wi[j] for wi in w) - 1 / M) for j in range(M))


def slow_centre(x, centres, y):
    return mean(squared_distance(xi, centres[yi]) for xi, yi in zip(x, y, strict=True))


def slow_island_pairwise(c):
    return sum(
        dot(c[j], c[k]) / (length(c[j]) * length(c[k])) + 1 for j in range(K) for k in range(K) if k != j
    )


def slow_affinity(x, centres, y):
    def variance(values):
        middle = mean(values)
        return sum((v - middle) ** 2 for v in values) / (len(values) - 1)

    return slow_centre(x, centres, y) / sum(variance([c[d] for c in centres]) for d in range(D))


def slow_partition(heads):
    def variance(values):
        middle = mean(values)
        return sum((v - middle) ** 2 for v in values) / (len(values) - 1)

    return math.log(1 + H / mean(variance([head[d] for head in hi]) for hi in heads for d in range(D)))


def slow_attention_diversity(maps):
    pairs = [(a, b) for a in range(H) for b in range(a + 1, H)]
    errors = [
        mean((mi[a][r][c] - mi[b][r][c]) ** 2 for mi in maps for r in range(2) for c in range(3))
        for a, b in pairs
    ]
    return len(pairs) / (sum(errors) + EPS)


def classification(fast, slow, *more):
    """Cases of a term over logits: hard and soft targets, with and without weights."""
    return [
        (
            lambda z, t=t, w=w: fast(z, t, *more, weight=w),
            lambda z, t=t, w=w: slow(z, t.tolist(), as_list(w)),
            [LOGITS],
        )
        for t in (HARD, SOFT)
        for w in (None, WEIGHT)
    ]


def as_list(x):
    return None if x is None else x.tolist()


def with_y(fast):
    return lambda *args: fast(*args, Y)


def with_y_slow(slow):
    return lambda *args: slow(*args, Y.tolist())


CASES = {
    "cross_entropy": classification(L.cross_entropy, slow_cross_entropy),
    "focal": classification(L.focal, lambda z, t, w: slow_focal(z, t, w, 1.0, 2.0)),
    "focal, other numbers": classification(L.focal, lambda z, t, w: slow_focal(z, t, w, 0.3, 0.5), 0.3, 0.5),
    "squared_hinge": classification(L.squared_hinge, slow_pairwise_hinge),
    "squared_hinge, one_vs_rest": classification(L.squared_hinge, slow_one_vs_rest_hinge, "one_vs_rest"),
    "constrained_angle": [
        (
            lambda u, n, t=t, w=w: L.constrained_angle(u, n, t, SLOPE, w),
            lambda u, n, t=t, w=w: slow_constrained_angle(u, n, t.tolist(), as_list(w)),
            [LOGITS, NORM],
        )
        for t in (HARD, SOFT)
        for w in (None, WEIGHT)
    ],
    "compactness": [(L.compactness, slow_compactness, [LATENTS, LATENT_CENTRES])],
    "balance": [(L.balance, slow_balance, [INTRA])],
    "distribution": [(with_y(L.distribution), with_y_slow(slow_centre), [INTRA, INTRA_CENTRES])],
    "centre": [(with_y(L.centre), with_y_slow(slow_centre), [FEATURES, CENTRES])],
    "island_pairwise": [(L.island_pairwise, slow_island_pairwise, [CENTRES])],
    "island": [
        (
            lambda x, c: L.island(x, c, Y, LAMBDA2),
            lambda x, c: slow_centre(x, c, Y.tolist()) + LAMBDA2 * slow_island_pairwise(c),
            [FEATURES, CENTRES],
        )
    ],
    "affinity": [(with_y(L.affinity), with_y_slow(slow_affinity), [FEATURES, CENTRES])],
    "partition": [(L.partition, slow_partition, [HEADS])],
    "attention_diversity": [(lambda m: L.attention_diversity(m, EPS), slow_attention_diversity, [MAPS])],
}
EVERY = pytest.mark.parametrize(
    ("fast", "slow", "inputs"),
    [pytest.param(*case, id=f"{name}-{i}") for name, cases in CASES.items() for i, case in enumerate(cases)],
)


@EVERY
def test_it_is_the_slow_loop(fast, slow, inputs):
    value = fast(*inputs)
    assert value.shape == ()
    assert value.item() == pytest.approx(slow(*(x.tolist() for x in inputs)), rel=1e-9, abs=1e-9)


@EVERY
def test_gradcheck(fast, slow, inputs):
    assert torch.autograd.gradcheck(fast, [x.clone().requires_grad_() for x in inputs])


def slow_centre_step(centres, x, y, step):
    moved = []
    for j, c in enumerate(centres):
        mine = [xi for xi, yi in zip(x, y, strict=True) if yi == j]
        delta = [sum(c[d] - xi[d] for xi in mine) / (1 + len(mine)) for d in range(len(c))]
        moved.append([c[d] - step * delta[d] for d in range(len(c))])
    return moved


def slow_bracket(c):
    """Eq. 2.21 as methods read it, term by term."""
    return [
        [
            sum(
                (c[k][d] * length(c[j]) ** 2 - dot(c[j], c[k]) * c[j][d]) / (length(c[k]) * length(c[j]) ** 3)
                for k in range(K)
                if k != j
            )
            for d in range(D)
        ]
        for j in range(K)
    ]


def close(value, expected):
    torch.testing.assert_close(value, torch.tensor(expected, dtype=torch.float64), rtol=1e-9, atol=1e-9)


def test_centre_step_is_the_slow_loop():
    moved = L.centre_step(CENTRES, FEATURES, Y, 0.3)
    close(moved, slow_centre_step(CENTRES.tolist(), FEATURES.tolist(), Y.tolist(), 0.3))
    assert torch.equal(moved[2], CENTRES[2])  # no members
    alone = L.centre_step(CENTRES, FEATURES[:1], Y[:1], 0.5)
    close(alone[0], (CENTRES[0] - 0.25 * (CENTRES[0] - FEATURES[0])).tolist())


def test_island_centre_step_is_the_slow_loop():
    bracket = slow_bracket(CENTRES.tolist())
    close(L.island_centre_bracket(CENTRES), bracket)
    towards = slow_centre_step(CENTRES.tolist(), FEATURES.tolist(), Y.tolist(), 0.5)
    expected = [
        [v - 0.5 * b / (1 + K) for v, b in zip(*rows, strict=True)]
        for rows in zip(towards, bracket, strict=True)
    ]
    close(L.island_centre_step(CENTRES, FEATURES, Y, 0.5), expected)


def test_gradient_of_the_pairwise_term_is_twice_the_bracket():
    centres = CENTRES.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(L.island_pairwise(centres), centres)
    torch.testing.assert_close(gradient, 2 * L.island_centre_bracket(CENTRES), rtol=1e-9, atol=1e-12)


def test_pairwise_term_of_known_centres():
    e = torch.eye(3, dtype=torch.float64)
    assert (
        L.island_pairwise(e).item() == 6
    )  # right angles: each of 3 * 2 ordered pairs adds 1, no pair is (j, j)
    assert L.island_pairwise(torch.stack([e[0], -2 * e[0]])).item() == pytest.approx(0, abs=1e-12)
    assert L.island_pairwise(torch.stack([e[0], 3 * e[0]])).item() == pytest.approx(4)


def test_a_centre_at_the_origin_stays():
    centres = CENTRES.clone()
    centres[1] = 0
    bracket = L.island_centre_bracket(centres)
    assert torch.equal(bracket[1], torch.zeros(D, dtype=torch.float64))
    assert bracket.isfinite().all()
    assert bracket[0].any()


def test_cross_entropy_is_torchs_for_hard_labels():
    class_weight = torch.tensor([1.0, 2.0, 3.0, 0.5], dtype=torch.float64)
    torch.testing.assert_close(L.cross_entropy(LOGITS, HARD), F.cross_entropy(LOGITS, Y))
    weighted = L.cross_entropy(LOGITS, HARD, class_weight[Y])
    torch.testing.assert_close(weighted, F.cross_entropy(LOGITS, Y, weight=class_weight))
    torch.testing.assert_close(L.cross_entropy(LOGITS, SOFT), F.cross_entropy(LOGITS, SOFT))


@pytest.mark.parametrize("weight", [None, WEIGHT])
def test_focal_without_gamma_is_cross_entropy(weight):
    expected = L.cross_entropy(LOGITS, SOFT, weight)
    torch.testing.assert_close(L.focal(LOGITS, SOFT, gamma=0.0, weight=weight), expected, rtol=1e-12, atol=0)
    assert L.focal(LOGITS, SOFT, weight=weight) < 0.9 * expected


def test_focal_counts_what_is_right_less():
    sure, unsure = torch.tensor([[5.0, 0.0]]), torch.tensor([[0.5, 0.0]])
    right = torch.tensor([[1.0, 0.0]])
    shares = [(L.focal(z, right) / L.cross_entropy(z, right)).item() for z in (sure, unsure)]
    assert shares[0] < 1e-3 < 0.1 < shares[1]


@pytest.mark.parametrize("gamma", [0.0, 0.1, 0.5, 1.0, 2.0])
def test_focal_of_a_certain_prediction_has_a_finite_gradient(gamma):
    for logits in ([[200.0, 0.0]], [[0.0, 200.0]], [[17.0, 0.0]]):
        z = torch.tensor(logits, requires_grad=True)
        L.focal(z, torch.tensor([[1.0, 0.0]]), gamma=gamma).backward()
        assert z.grad.isfinite().all()


def test_squared_hinge_is_zero_behind_its_margin():
    target = torch.eye(3)
    assert L.squared_hinge(1.0 * target, target).item() == 0
    assert L.squared_hinge(0.5 * target, target).item() == pytest.approx(2 * 0.25)
    assert L.squared_hinge(2 * target - 1, target, "one_vs_rest").item() == 0
    assert L.squared_hinge(0.0 * target, target, "one_vs_rest").item() == 3


def test_constrained_angle_logits():
    u, x = rand(B, K), rand(B, D)
    norm = x.norm(dim=1, keepdim=True)
    inside = F.leaky_relu(norm * u, 0.1)  # LReLU is positively homogeneous
    torch.testing.assert_close(L.constrained_angle_logits(u, norm, 0.1), inside)
    torch.testing.assert_close(L.constrained_angle_logits(u, norm[:, 0], 0.1), inside)
    torch.testing.assert_close(L.constrained_angle_logits(u, norm, 1.0), norm * u)
    assert L.constrained_angle_logits(u, norm, 0.0).min() == 0


def test_balance_of_even_weights_is_zero():
    assert L.balance(torch.full((B, 8), 1 / 8)).item() == 0
    assert L.balance(torch.tensor([[1.0, 0.0], [0.0, 1.0]])).item() == 0  # the mean is what must be even


@pytest.mark.parametrize(
    ("loss", "shape"),
    [
        (L.partition, (2, 3, 4)),
        (L.attention_diversity, (2, 3, 4, 4)),
        (L.attention_diversity, (2, 3, 8, 4, 4)),
        (L.partition, (1, 1, 4)),
        (L.attention_diversity, (1, 1, 4, 4)),
    ],
)
def test_equal_heads_have_a_finite_loss_and_gradient(loss, shape):
    heads = torch.full(shape, 0.3, requires_grad=True)
    value = loss(heads)
    value.backward()
    assert value.isfinite()
    assert heads.grad.isfinite().all()
    if shape[1] == 1:
        assert value.item() == 0


def test_heads_that_differ_more_lose_less():
    for loss in (L.partition, L.attention_diversity):
        near, far = MAPS.mean(1, keepdim=True) + 0.1 * MAPS, MAPS
        assert loss(far) < loss(near)


def test_affinity_of_equal_centres_has_a_finite_gradient():
    centres = torch.ones(K, D, requires_grad=True)
    value = L.affinity(FEATURES.float(), centres, Y)
    value.backward()
    assert value.isfinite()
    assert centres.grad.isfinite().all()


def test_sums_are_taken_in_fp32():
    x = torch.full((4, 2048), 0.1).bfloat16()
    value = L.centre(x, torch.zeros(K, 2048), torch.arange(4))
    assert value.dtype == torch.float32
    assert value.item() == pytest.approx(2048 * x[0, 0].item() ** 2, rel=1e-5)
