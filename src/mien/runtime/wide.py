"""The same analysis on many processes or machines, by Ray Data: rows as from one process, in its order.

The driver divides the inputs, keeps each finished shard and joins them; a worker gets a shard's paths and
gives its rows back, so that workers need to see the inputs and the model but not the place of the table.
A worker that dies costs the time of its shard: Ray does it again elsewhere.
"""

from __future__ import annotations

import logging
import os
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from typing import Any

from mien.core.errors import MienError
from mien.runtime.analyze import (
    AnalyzeOptions,
    detector_maker,
    load_predictor,
    reader_and_layout,
    what_matters,
)
from mien.runtime.run_record import RunRecord, write_record
from mien.runtime.shards import SHARD_SIZE, Parts, Shard, ShardResult, analyze_shard, make_shards, total
from mien.runtime.sink import Summary
from mien.runtime.sources import expand_paths

_RETRIES = 3
_PASSED_ON = ("MIEN_MODEL_DIR", "MIEN_CACHE")


@dataclass(frozen=True)
class WideOptions:
    """How the work is spread.

    Attributes:
        address: Of a Ray cluster; empty: the one that RAY_ADDRESS names, else a local one.
        workers: Shards at a time; None: as many as the processors of the cluster hold.
        shard_size: Pictures in a shard.
    """

    address: str = ""
    workers: int | None = None
    shard_size: int = SHARD_SIZE


def run_wide(
    options: AnalyzeOptions,
    wide: WideOptions,
    progress: Callable[[int, int, Summary], object] = lambda done, n, summary: None,
) -> tuple[Summary, dict[str, str]]:
    """Analyse everything the options name.

    Args:
        options: As for `run_analyze`; a table is needed, and marked copies are not made. `threads` are those
            of each worker, 1 by default.
        wide: How the work is spread.
        progress: Called after each shard with the shards done, their number, and the counts so far.

    Returns:
        Counts and times of this run, and of each shard that failed, by its first input, why.

    Raises:
        MienError: Ray is not installed or not reached, options do not go together, or results cannot be
            written; finished shards are kept.
    """
    out = options.out
    if out is None or options.annotate is not None:
        raise MienError("--engine ray writes a table (--out) and no marked copies (--annotate)")
    if find_spec("ray") is None:
        raise MienError("--engine ray needs Ray Data: pip install 'mien[scale]'")
    started = time.perf_counter()
    options = replace(options, threads=options.threads or 1)
    predictor = load_predictor(options)
    _, layout = reader_and_layout(options, predictor)
    inputs = expand_paths(options.paths)
    shards = make_shards(inputs.items, wide.shard_size)
    parts = Parts(out, layout)
    made_by = what_matters(options, predictor, detector_maker(options)[0], layout)
    parts.open(made_by, resume=options.resume, overwrite=options.overwrite)
    todo = [shard for shard in shards if not parts.has(shard)]
    n_errors_before = sum(parts.n_errors(shard) for shard in shards if parts.has(shard))
    failed = {shard.name: f"its worker died {_RETRIES + 1} times" for shard in todo}
    summaries: list[Summary] = []
    for result in _spread(todo, options, wide, parts.suffix):
        if result.error:
            failed[result.name] = result.error
        else:
            parts.keep(result)
            del failed[result.name]
            summaries.append(result.summary)
        progress(len(shards) - len(todo) + len(summaries), len(shards), total(summaries, 0.0, 0))
    parts.join(shards, failed)
    write_record(out, RunRecord(made_by, finished=not failed))
    counts = total(summaries, time.perf_counter() - started, inputs.passed_over)
    n_lost = sum(len(shard.inputs) for shard in shards if shard.name in failed)
    n_before = sum(len(shard.inputs) for shard in shards) - sum(len(shard.inputs) for shard in todo)
    counts = replace(counts, n_errors=counts.n_errors + n_errors_before + n_lost, n_resumed=n_before)
    return counts, {shard.inputs[0]: failed[shard.name] for shard in shards if shard.name in failed}


def _spread(
    shards: Sequence[Shard], options: AnalyzeOptions, wide: WideOptions, suffix: str
) -> Iterator[ShardResult]:
    """Results as they come."""
    if not shards:
        return
    import ray
    import ray.data

    begun = _connect(ray, wide.address)
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    try:
        context = ray.data.DataContext.get_current()
        context.enable_progress_bars = False
        context.max_errored_blocks = -1  # a shard that cannot be done does not end the run
        context.execution_options.preserve_order = False
        rows = [{"paths": list(shard.paths), "inputs": list(shard.inputs)} for shard in shards]
        # no named parameter of Ray bounds the retries yet; pyproject.toml keeps it below 2.64
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "`ray_remote_args` is deprecated")
            # one block, and so one task, for each shard
            done = ray.data.from_items(rows, override_num_blocks=len(rows)).map(
                _worker(options, suffix),
                num_cpus=options.n_threads,
                concurrency=wide.workers,
                max_retries=_RETRIES,
            )
        for row in done.iter_rows():
            yield ShardResult(row["name"], row["table"], Summary(**row["summary"]), row["error"])
    finally:
        if begun:
            ray.shutdown()


def _worker(options: AnalyzeOptions, suffix: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """What a worker does with a row: a shard in, its result out."""

    def work(row: dict[str, Any]) -> dict[str, Any]:
        result = analyze_shard(Shard(tuple(row["paths"]), tuple(row["inputs"])), options, suffix)
        summary = {**vars(result.summary), "seconds": dict(result.summary.seconds)}
        return {"name": result.name, "table": result.table, "error": result.error, "summary": summary}

    return work


def _connect(ray: Any, address: str) -> bool:
    """Join or start Ray; whether it must be left again."""
    if ray.is_initialized():
        return False
    passed_on = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    try:
        ray.init(
            address=address or os.environ.get("RAY_ADDRESS") or None,
            include_dashboard=None if address or "RAY_ADDRESS" in os.environ else False,
            log_to_driver=False,
            logging_level="error",
            runtime_env={"env_vars": passed_on} if passed_on else None,
        )
    except (ConnectionError, ValueError, RuntimeError) as error:
        told = " ".join(str(error).split())
        raise MienError(f"Ray cannot be had at {address or 'the address in RAY_ADDRESS'}: {told}") from error
    return True
