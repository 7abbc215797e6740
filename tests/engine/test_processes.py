"""Two processes learn what one learns from the same batches."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

import pytest
import torch

SCRIPT = """
import sys
import torch
from accelerate import Accelerator
from torch import nn
from mien.core.recipe import LossChoice
from mien.data.batches import Batch
from mien.engine.loop import Learner, TrainingStep, backward
from mien.losses import Objective, Sizes

torch.manual_seed(0)
torch.set_default_dtype(torch.float64)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(1, 6, 3), nn.GroupNorm(2, 6), nn.ReLU(), nn.Flatten(), nn.Linear(6 * 36, 5)
        )

    def outputs(self, x):
        return {"logits": self.layers(x)}


accelerator = Accelerator(cpu=True)
method, objective = Net(), Objective([LossChoice(name="cross_entropy")], Sizes(5, {"logits": (5,)}))
optimizer = torch.optim.SGD(method.parameters(), 0.1, momentum=0.9)
step, optimizer = accelerator.prepare(TrainingStep(method, objective), optimizer)
learner = Learner(method, objective, step, optimizer, None, accelerator)
generator = torch.Generator().manual_seed(1)
told = []
for n in (8, 8, 7, 3, 1):  # the last ones cannot be shared evenly, or at all
    x = torch.randn(n, 1, 8, 8, generator=generator)
    y = torch.randint(5, (n,), generator=generator)
    target = torch.rand(n, 5, generator=generator).softmax(1)
    weight = torch.rand(n, generator=generator) + 0.1 if n != 7 else None
    optimizer.zero_grad()
    told.append(backward(learner, Batch(x, y, target, weight), micro=4))
    learner.update(clip_norm=1.0)
if accelerator.is_main_process:
    torch.save({"weights": method.state_dict(), "told": torch.tensor(told)}, sys.argv[1])
accelerator.end_training()
"""


def learn(path, n_processes: int) -> dict[str, object]:
    """What the script saves, run by so many processes that talk over gloo."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    world = {"WORLD_SIZE": str(n_processes), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    environment = {**os.environ, "ACCELERATE_USE_CPU": "true", "OMP_NUM_THREADS": "1"}
    running = []
    for rank in range(n_processes):
        own = {**world, "RANK": str(rank), "LOCAL_RANK": str(rank)} if n_processes > 1 else {}
        command = [sys.executable, "-c", SCRIPT, str(path)]
        running.append(
            subprocess.Popen(command, env={**environment, **own}, stderr=subprocess.PIPE, text=True)
        )
    for process in running:
        _, told = process.communicate(timeout=200)
        assert process.returncode == 0, told
    return torch.load(path, weights_only=True)


@pytest.mark.slow
def test_two_processes_learn_the_same_weights_as_one(tmp_path):
    one, two = learn(tmp_path / "one.pt", 1), learn(tmp_path / "two.pt", 2)
    for name, weights in one["weights"].items():
        torch.testing.assert_close(two["weights"][name], weights, rtol=0, atol=1e-9)
    torch.testing.assert_close(two["told"], one["told"], rtol=0, atol=1e-9)
    assert not torch.equal(one["weights"]["layers.0.weight"], torch.zeros(6, 1, 3, 3, dtype=torch.float64))
