import pytest
from typer.testing import CliRunner

from mien.cli.app import app
from mien.cli.console import parse_map
from mien.core.errors import MienError


def test_labels_are_pairs():
    assert parse_map("smile=happiness, rest = neutral") == {"smile": "happiness", "rest": "neutral"}
    assert parse_map(None) == {}
    for wrong in ("smile", "=x", "a=b,a=c"):
        with pytest.raises(MienError, match="old=new"):
            parse_map(wrong)


def test_help_teaches():
    text = CliRunner().invoke(app, ["finetune", "--help"]).output
    for word in ("--frozen", "--full", "--labels", "cross-validation", "Example"):
        assert word in text
