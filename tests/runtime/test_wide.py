"""The analysis on Ray: the rows of one process, whatever happens to its workers.

Ray runs in a process of its own here: what it leaves behind in a process (threads, sockets, warnings) is
not this suite's to judge.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from mien.runtime.analyze import AnalyzeOptions, run_analyze
from mien.runtime.run_record import read_record

pytest.importorskip("ray", reason="Ray is not installed: pip install 'mien[scale]'")
MEDIA = Path(__file__).parents[2] / "examples/media"

SCRIPT = """
import os, signal, sys
from pathlib import Path
import mien.runtime.wide as wide
from mien.runtime.analyze import AnalyzeOptions
from mien.runtime.shards import analyze_shard as honest

folder, marks = Path(sys.argv[1]), Path(sys.argv[2])
lose, always = sys.argv[3], sys.argv[4]

def analyze_shard(shard, options, suffix):
    '''Kills its own process: in one shard the first time, in another each time.'''
    mark = marks / shard.name
    with mark.open('a') as file:
        file.write('x')
    if always in shard.inputs[0] or (lose in shard.inputs[0] and mark.read_text() == 'x'):
        os.kill(os.getpid(), signal.SIGKILL)
    return honest(shard, options, suffix)

wide.analyze_shard = analyze_shard
out, resume = folder.parent / 'wide.csv', 'resume' in sys.argv
options = AnalyzeOptions((str(folder),), out=out, detector='haar', resume=resume)
summary, failed = wide.run_wide(options, wide.WideOptions(shard_size=2))
print(summary.n_inputs, summary.n_resumed, summary.n_errors, sorted(failed.values()))
"""


@pytest.fixture
def folder(tmp_path) -> Path:
    (tmp_path / "in").mkdir()
    for i, picture in enumerate(sorted(MEDIA.glob("*.webp"))[:6]):
        (tmp_path / "in" / f"{i}.webp").write_bytes(picture.read_bytes())
    (tmp_path / "marks").mkdir()
    return tmp_path / "in"


def wide(folder: Path, *words: str) -> str:
    command = [sys.executable, "-c", SCRIPT, str(folder), str(folder.parent / "marks"), *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip().splitlines()[-1]  # Ray tells of lost workers before


@pytest.mark.slow
def test_a_killed_worker_changes_no_row_and_a_hopeless_shard_does_not_end_the_run(folder):
    assert wide(folder, "2.webp", "4.webp") == "4 0 2 ['its worker died 4 times']"
    run_analyze(AnalyzeOptions((str(folder),), out=folder.parent / "one.csv", detector="haar", threads=1))
    one, many = ((folder.parent / name).read_text().splitlines() for name in ("one.csv", "wide.csv"))
    assert many[:-2] == one[:-2]
    assert ["its shard failed" in line for line in many[-2:]] == [True, True]
    tries = sorted(len(mark.read_text()) for mark in (folder.parent / "marks").iterdir())
    assert tries == [1, 2, 4]

    assert wide(folder, "none", "none", "resume") == "2 4 0 []"
    assert (folder.parent / "wide.csv").read_text().splitlines() == one
    assert read_record(folder.parent / "wide.csv").finished
