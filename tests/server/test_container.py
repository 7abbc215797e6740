"""The container's files, which no engine is here to run: what they promise."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def steps() -> list[tuple[str, str]]:
    """The Containerfile's instructions."""
    text = (ROOT / "Containerfile").read_text(encoding="utf-8")
    lines = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    joined = re.sub(r"\\\n\s*", " ", lines)
    return [tuple(line.split(maxsplit=1)) for line in joined.splitlines() if line.strip()]


@pytest.fixture(scope="module")
def service() -> dict:
    return yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))["services"]["mien"]


def test_images_have_versions(steps, service):
    (image,) = [rest for word, rest in steps if word == "FROM"]
    for name in (image, service["image"]):
        tag = name.rpartition(":")[2]
        assert tag
        assert "/" not in tag
        assert tag != "latest"
    assert image.endswith("-slim")


def test_it_runs_as_nobody_in_particular(steps):
    words = [word for word, _ in steps]
    (user,) = [rest for word, rest in steps if word == "USER"]
    assert int(user) > 0
    assert words.index("USER") < words.index("CMD")
    assert "RUN" not in words[words.index("USER") :]


def test_no_token_is_inside(steps, service):
    assert not [rest for word, rest in steps if word in ("ENV", "ARG") and "TOKEN" in rest.upper()]
    assert service["environment"]["MIEN_TOKEN"].startswith("${MIEN_TOKEN:?")


def test_what_is_copied_is_there_and_is_all_that_the_package_needs(steps):
    copied = [shlex.split(rest) for word, rest in steps if word == "COPY"]
    sources = {name for *names, _ in copied for name in names}
    assert all((ROOT / name).exists() for name in sources)
    let_in = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert let_in[0] == "*"
    assert {line[1:] for line in let_in if line.startswith("!")} == sources
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    for name in re.findall(r'^"(\S+)" = "mien/', project, re.M):
        assert name in sources


def test_its_command_is_one_that_mien_knows(steps):
    from typer.main import get_command

    from mien.cli.app import app

    (command,) = [json.loads(rest) for word, rest in steps if word == "CMD"]
    assert command[:2] == ["mien", "serve"]
    verb = get_command(app).commands["serve"]
    context = verb.make_context("serve", command[2:])
    assert context.params["host"] == "0.0.0.0"
    assert str(context.params["data_dir"]) in [rest for word, rest in steps if word == "VOLUME"]
    (check,) = [rest for word, rest in steps if word == "HEALTHCHECK"]
    compile(json.loads(check[check.index("[") :])[2], "healthcheck", "exec")


def test_the_container_is_small_and_closed(service):
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert any(place.startswith("/tmp") for place in service["tmpfs"])
    assert service["mem_limit"]
    assert service["cpus"]
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])
