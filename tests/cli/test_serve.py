"""`mien serve` as it is typed."""

from __future__ import annotations

import socket

import pytest

pytest.importorskip("fastapi", reason="the extra serve is not installed")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--host", "0.0.0.0"), "a token is needed: set MIEN_TOKEN"),
        (("--model", "mien-bose"), "did you mean 'mien-base'"),
        (("--max-pixels", "0"), "pixels must be a finite number above 0"),
        (("--keep-hours", "-1"), "--keep-hours lies above 0"),
        (("--detector", "eye"), "unknown detector"),
        (("--host", "256.1.1.1", "--token", "x"), "cannot be used"),
    ],
)
def test_what_can_be_mended_is_one_line(mien, tmp_path, monkeypatch, words, message):
    monkeypatch.delenv("MIEN_TOKEN", raising=False)
    said = mien("serve", "--port", "0", "--data-dir", tmp_path / "data", *words)
    assert said.code == 2
    assert message in said.err
    assert said.err.count("\n") == 1


def test_a_port_that_is_taken(mien, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        said = mien("serve", "--port", taken.getsockname()[1], "--data-dir", tmp_path)
    assert said.code == 2
    assert "another server running there" in said.err


def test_without_the_extra_one_line_says_what_to_install(mien, monkeypatch):
    import importlib.util

    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *rest: None if name == "fastapi" else found(name, *rest)
    )
    said = mien("serve")
    assert (said.code, said.out) == (2, "")
    assert said.err == 'mien: serving needs fastapi: pip install "mien[serve]"\n'


def test_the_help_teaches(mien):
    text = " ".join(mien("serve", "--help").out.split())
    for word in ("--token", "MIEN_TOKEN", "--no-batching", "--max-pixels", "curl -F", "SIGTERM", "/docs"):
        assert word in text
