"""Who may come in."""

from __future__ import annotations

import pytest

from mien.core.errors import MienError
from mien.server.headers import content_security_policy
from mien.server.rate import RateLimiter, client_key
from mien.server.settings import Settings

TOKEN = "a-secret"


def test_a_token_is_asked_for_where_there_is_one(start):
    client = start(token=TOKEN)
    assert client.get("/health").status_code == 200
    for path in ("/v1/models", "/metrics", "/v1/jobs", "/v1/nothing"):
        refused = client.get(path)
        assert (refused.status_code, refused.json()["error"]["code"]) == (401, "token")
        assert refused.headers["www-authenticate"] == "Bearer"
    for given in ("Bearer wrong", "Basic a-secret", "a-secret", "Bearer", "Bearer ä"):
        assert client.get("/v1/models", headers={"Authorization": given.encode()}).status_code == 401
    assert client.get(f"/v1/models?token={TOKEN}").status_code == 401  # an address is logged on the way
    assert client.get("/v1/models", headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 200


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.2", "example.org"])
def test_others_need_a_token(host):
    with pytest.raises(MienError, match="set MIEN_TOKEN"):
        Settings(host=host)
    assert not Settings(host=host, token=TOKEN).is_loopback


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.0.0.9"])
def test_this_machine_needs_none(host):
    assert Settings(host=host).is_loopback


@pytest.mark.parametrize(
    "told",
    [
        {"port": -1},
        {"keep_hours": 0},
        {"keep_hours": 1e9},
        {"keep_hours": float("inf")},
        {"threads": 0},
        {"models": ()},
        {"token": "a b"},
    ],
)
def test_settings_that_cannot_be_meant(told):
    with pytest.raises(MienError):
        Settings(**told)


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost:8000", 200), ("127.0.0.1", 200), ("[::1]:8000", 200), ("evil.example", 403),
        ("127.0.0.1.evil.example:8000", 403), ("", 403),
    ],
)  # fmt: skip
def test_the_host_of_a_loopback_server(client, host, status):
    assert client.get("/health", headers={"Host": host}).status_code == status


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://127.0.0.1:8000", 200),
        ("http://evil.example", 403),
        ("null", 403),
        ("http://127.0.0.1:9", 403),
    ],
)
def test_pages_of_other_sites_are_refused(client, origin, status):
    answer = client.get("/v1/models", headers={"Origin": origin})
    assert answer.status_code == status
    assert "access-control-allow-origin" not in answer.headers


def test_headers_of_every_answer(client):
    for path in ("/health", "/v1/models", "/docs", "/nothing"):
        headers = client.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        policy = headers["content-security-policy"]
        assert "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:;" in policy
        assert "connect-src 'self' ws://127.0.0.1:8000 wss://127.0.0.1:8000;" in policy
        assert "unsafe" not in policy
    assert client.get("/v1/models").headers["cache-control"] == "no-store"


def test_a_host_cannot_write_into_the_policy():
    assert "evil" not in content_security_policy("x; script-src evil")


def test_a_bucket_fills_again():
    now = [0.0]
    limiter = RateLimiter(2, burst=3, clock=lambda: now[0])
    assert [limiter.take("a") for _ in range(4)] == [0, 0, 0, 0.5]
    assert limiter.take("b") == 0
    now[0] = 0.5
    assert [limiter.take("a"), limiter.take("a")] == [0, 0.5]
    now[0] = 100
    assert [limiter.take("a") for _ in range(4)] == [0, 0, 0, 0.5]


def test_buckets_of_many_clients_are_forgotten():
    now = [0.0]
    limiter = RateLimiter(1, clock=lambda: now[0])
    for number in range(30_000):
        now[0] += 0.001
        limiter.take(str(number))
    assert len(limiter._buckets) <= 10_001
    limiter.take("29999")
    assert limiter.take("29999") > 0  # the latest are remembered


def test_an_ipv6_client_is_its_network():
    assert client_key("2001:db8::1") == client_key("2001:db8::2:3") == "2001:db8::/64"
    assert client_key("::ffff:10.0.0.1") == client_key("10.0.0.1") == "10.0.0.1"
    assert client_key("testclient") == "testclient"
