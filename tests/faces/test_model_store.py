import hashlib
import http.server
import logging
import threading
import time

import pytest

from mien.core.errors import MienError
from mien.faces.model_store import ModelFile, ModelUnavailableError, cache_dir, model_path

CONTENT = b"the weights"
FILE = ModelFile("weights.onnx", hashlib.sha256(CONTENT).hexdigest(), "http://127.0.0.1:9/weights.onnx")


@pytest.fixture
def online(no_models, monkeypatch):
    """Fetching is allowed, but only from this very machine."""
    monkeypatch.delenv("MIEN_OFFLINE")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "127.0.0.1")


@pytest.fixture
def serve():
    """Serves some bytes on this machine; gives a function from bytes to an address."""
    servers = []

    def start(content: bytes) -> str:
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *args):
                pass

        server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        servers.append((server, thread))
        return f"http://127.0.0.1:{server.server_port}/weights.onnx"

    yield start
    for server, thread in servers:
        server.shutdown()
        thread.join()
        server.server_close()


def test_the_named_folder_comes_before_the_cache(no_models):
    cached = cache_dir() / "models" / FILE.name
    cached.parent.mkdir(parents=True)
    cached.write_bytes(CONTENT)
    assert model_path(FILE) == cached
    (no_models / FILE.name).write_bytes(CONTENT)
    assert model_path(FILE) == no_models / FILE.name


def test_a_damaged_file_is_named(no_models):
    (no_models / FILE.name).write_bytes(CONTENT[:-1])
    with pytest.raises(MienError, match="wrong checksum") as error:
        model_path(FILE)
    assert str(no_models / FILE.name) in str(error.value)
    assert not isinstance(error.value, ModelUnavailableError)


def test_offline_nothing_is_fetched(no_models, serve):
    with pytest.raises(ModelUnavailableError, match="MIEN_OFFLINE"):
        model_path(ModelFile(FILE.name, FILE.sha256, serve(CONTENT)))


def test_a_file_without_address_has_to_be_put_there(no_models):
    with pytest.raises(ModelUnavailableError, match="MIEN_MODEL_DIR"):
        model_path(ModelFile(FILE.name, FILE.sha256))


def test_a_file_is_fetched_once_into_the_cache(online, serve):
    served = ModelFile(FILE.name, FILE.sha256, serve(CONTENT))
    path = model_path(served)
    assert path == cache_dir() / "models" / FILE.name
    assert path.read_bytes() == CONTENT
    assert model_path(FILE) == path  # nobody listens at that address


def test_a_page_instead_of_the_file_is_thrown_away(online, serve):
    with pytest.raises(ModelUnavailableError, match="wrong checksum"):
        model_path(ModelFile(FILE.name, FILE.sha256, serve(b"<html>please log in</html>")))
    assert not (cache_dir() / "models" / FILE.name).exists()


def test_a_refusing_network_answers_at_once_and_in_one_line(online, caplog):
    start = time.monotonic()
    with caplog.at_level(logging.INFO), pytest.raises(ModelUnavailableError) as error:
        model_path(FILE)
    assert time.monotonic() - start < 5
    assert "could not be fetched (ConnectionError)" in str(error.value)
    assert "\n" not in str(error.value)
