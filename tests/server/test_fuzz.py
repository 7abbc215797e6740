"""The server against its own description: no answer that it does not describe, and no fault."""

from __future__ import annotations

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode

from mien.server.limits import Limits

from . import doubles
from .conftest import ADDRESS

_DOCUMENTED = {503, 504, 507}
_EXAMPLES = 25


def test_nothing_that_fits_the_description_or_nearly_fits_it_is_a_fault(start, face, tmp_path):
    client = start(limits=Limits(requests_per_s=0, jobs=1000))
    app = client.app
    schema = schemathesis.openapi.from_dict(app.openapi())
    n_asked: dict[str, int] = {}
    statuses: dict[int, int] = {}

    def try_out(operation, mode: GenerationMode) -> None:
        name = f"{operation.method.upper()} {operation.path}"

        @settings(
            max_examples=_EXAMPLES,
            derandomize=True,
            database=None,
            deadline=None,
            phases=(Phase.explicit, Phase.generate),
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode))
        def one(case) -> None:
            told = case.as_transport_kwargs(base_url=ADDRESS)
            wanted = ("method", "url", "params", "headers", "cookies", "files", "data", "json")
            made = requests.Request(**{key: told.get(key) for key in wanted}).prepare()
            answer = client.request(made.method, made.url, content=made.body, headers=dict(made.headers))
            n_asked[name] = n_asked.get(name, 0) + 1
            statuses[answer.status_code] = statuses.get(answer.status_code, 0) + 1
            assert answer.status_code < 500 or answer.status_code in _DOCUMENTED, answer.text
            described = operation.definition.raw["responses"]
            assert str(answer.status_code) in described, f"{name}: {answer.status_code} {answer.text}"
            if answer.status_code >= 400:
                assert set(answer.json()["error"]) == {"code", "message"}

        one()

    for found in schema.get_all_operations():
        operation = found.ok()
        try_out(operation, GenerationMode.POSITIVE)
        if operation.method != "get" or "{" in operation.path:
            try_out(operation, GenerationMode.NEGATIVE)
    assert len(n_asked) == 10
    assert min(n_asked.values()) >= 1
    print(sum(n_asked.values()), "requests", dict(sorted(statuses.items())))
    assert client.post("/v1/analyze", files={"file": face}).status_code == 200
    jobs = list((tmp_path / "data" / "jobs").iterdir())
    assert len(jobs) == len(client.get("/v1/jobs").json()["jobs"])
    assert doubles.MODEL in client.get("/health").text
