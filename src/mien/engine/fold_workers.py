"""Folds in several processes, each with its share of the processor's threads."""

from __future__ import annotations

import multiprocessing as mp
import os
import queue
import signal
import traceback
from collections.abc import Sequence
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import torch

from mien.core.errors import MienError
from mien.core.recipe import Recipe
from mien.engine.crossval import FoldListener, open_study, run_fold
from mien.engine.display import epoch_line
from mien.engine.fit import Listener
from mien.engine.loop import TrainState
from mien.metrics.folds import FoldFigures

_POLL_S = 1.0


def run_in_processes(
    recipe: Recipe,
    root: Path | None,
    run_dir: Path,
    numbers: Sequence[int],
    jobs: int,
    listener: FoldListener,
) -> None:
    """Run folds side by side; every process reads the data for itself.

    Args:
        recipe: As for `open_study`, which was called before.
        root: The data set's folder.
        run_dir: The cross-validation's folder.
        numbers: Folds to run.
        jobs: Processes, at least 1; no more than folds are started.
        listener: Hears of folds and epochs; of single steps it hears nothing.

    Raises:
        MienError: A process failed or was killed; the others are stopped.
    """
    context = mp.get_context("spawn")
    jobs = min(jobs, len(numbers))
    threads = max(1, len(os.sched_getaffinity(0)) // jobs if hasattr(os, "sched_getaffinity") else 1)
    tasks, events = context.Queue(), context.Queue()
    for number in [*numbers, *[None] * jobs]:
        tasks.put(number)
    text = recipe.model_dump_json()
    workers = [
        context.Process(target=_work, args=(text, root, run_dir, threads, tasks, events), daemon=True)
        for _ in range(jobs)
    ]
    for worker in workers:
        worker.start()
    try:
        _listen(events, workers, listener)
    finally:
        for worker in workers:
            worker.terminate()
            worker.join()
        for channel in (tasks, events):
            channel.close()
            channel.cancel_join_thread()


def _listen(events: Any, workers: Sequence[BaseProcess], listener: FoldListener) -> None:
    """Pass on what the workers say until all have said that they are finished."""
    finished = 0
    while finished < len(workers):
        try:
            kind, number, said = events.get(timeout=_POLL_S)
        except queue.Empty:
            killed = [w.exitcode for w in workers if w.exitcode]
            if killed:
                raise MienError(
                    f"a process of the cross-validation died (exit code {killed[0]}); finished folds are "
                    "kept: go on by --resume, with fewer --jobs if memory ran out"
                ) from None
            continue
        if kind == "failed":
            raise MienError(said)
        if kind == "broken":
            raise RuntimeError(said)
        if kind == "end":
            finished += 1
        elif kind == "fold":
            listener.on_fold(number, said)
        elif kind == "epoch":
            listener.on_line(number, said)
        else:
            listener.on_done(number, FoldFigures.model_validate_json(said))


def _work(recipe_json: str, root: Path | None, run_dir: Path, threads: int, tasks: Any, events: Any) -> None:
    """The life of a process: folds until there are none left."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent hears Ctrl-C and stops everybody
    torch.set_num_threads(threads)
    try:
        study = open_study(Recipe.model_validate_json(recipe_json), root, run_dir, resume=True)
        while (number := tasks.get()) is not None:
            run_fold(study, run_dir, number, _telling(number, events))
        events.put(("end", -1, ""))
    except MienError as error:
        events.put(("failed", -1, str(error)))
    except BaseException:
        events.put(("broken", -1, traceback.format_exc()))


def _telling(number: int, events: Any) -> FoldListener:
    def on_epoch(state: TrainState) -> None:
        best = state.best_epoch == state.epoch
        events.put(("epoch", number, epoch_line(state.history[-1], best)))

    return FoldListener(
        on_fold=lambda n, name: events.put(("fold", n, name)),
        run=Listener(on_epoch=on_epoch),
        on_done=lambda n, figures: events.put(("done", n, figures.model_dump_json())),
    )
