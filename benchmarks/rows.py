"""What the rows of a recipe's ablations cost: parameters, a training step, an answer.

    python benchmarks/rows.py rafdb_arm_resnet18 --rows full,baseline --out results.json

Steps of the rows alternate in one run, on drawn pictures, in the type that training uses here; the figures
are medians, and the ratios are to the last row named. Start weights are not fetched.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import torch

from mien import api
from mien.core.recipe import Recipe, ablation
from mien.data.batches import Batch
from mien.engine.checkpoint import build_method
from mien.engine.loop import TrainingStep, make_objective
from mien.engine.optimiser import compute_dtype
from mien.methods import METHODS, parse_params
from mien.nets.layout import memory_format
from report import write_report

N_CLASSES = 7


def load(name: str, row: str) -> Recipe:
    """A recipe, or one of its rows."""
    recipe = api.load_recipe(name)
    return recipe if row == "full" else ablation(recipe, row)


def steps_of(recipe: Recipe, n: int) -> tuple[int, dict[str, Callable[[], object]]]:
    """Number of parameters, and what is timed: a step of training and the answer to n pictures."""
    params = parse_params(recipe.method.name, recipe.method.params)
    spec = recipe.input or METHODS[recipe.method.name].input_for(params)
    method = build_method(recipe, N_CLASSES, spec, initial_weights=False)
    method = method.to(memory_format=memory_format(method))
    step = TrainingStep(method, make_objective(method, recipe, N_CLASSES, spec))
    x = torch.randn(n, spec.n_channels, spec.size_px, spec.size_px).to(memory_format=memory_format(method))
    y = torch.randint(N_CLASSES, (n,))
    batch = Batch(x, y, torch.nn.functional.one_hot(y, N_CLASSES).float())
    dtype = compute_dtype(recipe.train)

    def autocast() -> torch.autocast:
        return torch.autocast("cpu", dtype, enabled=dtype != torch.float32)

    def learn() -> None:
        method.train()
        with autocast():
            loss = step(batch).loss
        loss.backward()
        method.zero_grad(set_to_none=True)

    def answer() -> None:
        method.eval()
        with torch.inference_mode(), autocast():
            method(x)

    n_parameters = sum(p.numel() for p in method.parameters())
    return n_parameters, {"train": learn, "answer": answer}


def measure(recipes: dict[str, Recipe], n: int, rounds: int) -> dict[str, dict[str, float]]:
    """Row -> parameters and milliseconds a picture."""
    built = {row: steps_of(recipe, n) for row, recipe in recipes.items()}
    times: dict[str, dict[str, list[float]]] = {row: {} for row in built}
    for i in range(rounds + 1):  # the first warms up
        for row, (_, timed) in built.items():
            for name, work in timed.items():
                start = time.perf_counter()
                work()
                if i:
                    times[row].setdefault(name, []).append((time.perf_counter() - start) / n * 1e3)
    return {
        row: {
            "parameters": built[row][0],
            **{f"{name}_ms": statistics.median(ms) for name, ms in times[row].items()},
        }
        for row in built
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("recipes", nargs="+")
    parser.add_argument("--rows", default="full,baseline", help="the last is what the others are divided by")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--out", type=Path, help="also write the figures here, as json")
    args = parser.parse_args()
    figures = {}
    for name in args.recipes:
        rows = args.rows.split(",")
        recipes = {row: load(name, row) for row in rows}
        found = figures[name] = measure(recipes, args.batch, args.rounds)
        last = found[rows[-1]]
        for row, values in found.items():
            told = "  ".join(f"{k} {v:,.2f} ({v / last[k]:.2f} x)" for k, v in values.items())
            print(f"{name:<26}{row:<12}{told}")
    write_report(args.out, figures)


if __name__ == "__main__":
    main()
