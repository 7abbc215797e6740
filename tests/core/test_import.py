"""What importing mien costs: no torch, nothing slow."""

import json
import subprocess
import sys

import pytest

PROBE = """
import json, sys, time
start = time.process_time()
import {module}
spent = time.process_time() - start
heavy = sorted({{"torch", "timm", "cv2", "onnxruntime", "av", "scipy", "matplotlib"}} & set(sys.modules))
print(json.dumps({{"spent": spent, "heavy": heavy, "torch": "torch" in sys.modules}}))
"""


def probe(module: str) -> dict:
    code = PROBE.format(module=module)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def test_importing_mien_is_light():
    # processor time, not wall time: other programs on the machine do not count
    best = min((probe("mien") for _ in range(3)), key=lambda seen: seen["spent"])
    assert best["heavy"] == []
    assert best["spent"] < 0.3


@pytest.mark.parametrize(
    "module",
    [
        "mien.core.recipe",
        "mien.faces.detector",
        "mien.runtime.pipeline",
        "mien.metrics.report",
        "mien.server.app",
        "mien.cli",
    ],
)
def test_the_runtime_never_loads_torch(module):
    assert not probe(module)["torch"]


def test_public_names_are_listed_and_an_unknown_one_is_refused():
    import mien

    assert set(mien.__all__) <= set(dir(mien))
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = mien.nothing
