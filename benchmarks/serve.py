"""Requests a second of `mien serve` from many clients, with and without batching: ratios of one run.

    python benchmarks/serve.py --requests 20000 --out results.json

Each variant is a server in a process of its own; both are asked in turns, so that a busy machine slows both.
The picture is a frame of 640 x 480 with one face.
"""

from __future__ import annotations

import argparse
import http.client
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import psutil

from report import write_report

PICTURE = "data/synthetic_rgbd/rgb"
AT_LEAST_PER_S = 40.0
AT_MOST_P95_S = 0.6
MEMORY_EVERY = 2_000


@dataclass
class Variant:
    """A server and what was measured of it.

    Attributes:
        name: Of the variant.
        process: The server.
        port: It listens on.
        seconds: Time of each answer.
        took_s: Of all rounds.
        errors: Answers other than 200, and broken connections.
        memory_mb: Resident memory after each `MEMORY_EVERY` requests.
    """

    name: str
    process: psutil.Popen
    port: int
    seconds: list[float] = field(default_factory=list)
    took_s: float = 0.0
    errors: list[str] = field(default_factory=list)
    memory_mb: list[float] = field(default_factory=list)

    def rss_mb(self) -> float:
        """Resident memory now."""
        return self.process.memory_info().rss / 2**20

    def figures(self) -> dict[str, object]:
        """All figures."""
        p50, p95, p99 = np.percentile(self.seconds, [50, 95, 99])
        return {
            "requests": len(self.seconds),
            "per_s": len(self.seconds) / self.took_s,
            "p50_s": p50,
            "p95_s": p95,
            "p99_s": p99,
            "errors": len(self.errors),
            "memory_mb": self.memory_mb,
        }


def start(name: str, *words: str, folder: Path) -> Variant:
    """Start a server and wait until it answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "mien", "serve", "--port", str(port), "--max-rate", "0"]
    process = psutil.Popen([*command, "--data-dir", str(folder / name), *words], stderr=subprocess.DEVNULL)
    variant = Variant(name, process, port)
    for _ in range(300):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/health")
            connection.getresponse().read()
            connection.close()
            return variant
        except OSError:
            time.sleep(0.1)
    process.kill()
    raise SystemExit(f"the server ({name}) did not start")


def form_of(picture: bytes) -> tuple[bytes, dict[str, str]]:
    """A multipart body and its headers."""
    head = b'--xx\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n'
    body = head + picture + b"\r\n--xx--\r\n"
    return body, {"Content-Type": "multipart/form-data; boundary=xx"}


def one_client(variant: Variant, todo: list[int], lock: threading.Lock, body: bytes, headers: dict) -> None:
    """Send requests over one connection until all are sent."""
    connection = http.client.HTTPConnection("127.0.0.1", variant.port, timeout=60)
    while True:
        with lock:
            if not todo:
                break
            todo.pop()
        began = time.perf_counter()
        try:
            connection.request("POST", "/v1/analyze", body, headers)
            answer = connection.getresponse()
            content = answer.read()
            right = answer.status == 200 and b'"status":"ok"' in content
            problem = "" if right else f"{answer.status} {content[:200]!r}"
        except (OSError, http.client.HTTPException) as error:
            problem = repr(error)
            connection.close()
        with lock:
            variant.seconds.append(time.perf_counter() - began)
            if problem:
                variant.errors.append(problem)
            if len(variant.seconds) % MEMORY_EVERY == 0:
                variant.memory_mb.append(round(variant.rss_mb(), 1))
    connection.close()


def load(variant: Variant, n_requests: int, n_clients: int, body: bytes, headers: dict) -> None:
    """One round: all clients at once."""
    todo, lock = list(range(n_requests)), threading.Lock()
    clients = [
        threading.Thread(target=one_client, args=(variant, todo, lock, body, headers))
        for _ in range(n_clients)
    ]
    began = time.perf_counter()
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    variant.took_s += time.perf_counter() - began


def one_face_jpeg(path: Path) -> bytes:
    """A picture brought to 640 x 480."""
    if path.is_dir():
        path = next(one for one in sorted(path.rglob("*")) if one.suffix in (".png", ".jpg", ".webp"))
    image = cv2.imread(str(path))
    scale = min(640 / image.shape[1], 480 / image.shape[0])
    small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)[:480, :640]
    frame = np.full((480, 640, 3), 128, np.uint8)
    top, left = (480 - small.shape[0]) // 2, (640 - small.shape[1]) // 2
    frame[top : top + small.shape[0], left : left + small.shape[1]] = small
    return cv2.imencode(".jpg", frame)[1].tobytes()


def measure(args: argparse.Namespace) -> dict[str, object]:
    """All figures of both variants."""
    body, headers = form_of(one_face_jpeg(args.picture))
    with tempfile.TemporaryDirectory() as folder:
        words = ("--model", args.model)
        variants = [start("batched", *words, folder=Path(folder))]
        try:
            variants.append(start("unbatched", *words, "--no-batching", folder=Path(folder)))
            for variant in variants:  # everything is loaded before anything is timed
                load(variant, 4 * args.clients, args.clients, body, headers)
                variant.seconds.clear()
                variant.took_s = 0.0
                variant.memory_mb.append(round(variant.rss_mb(), 1))
            for done in range(args.rounds):
                for variant in variants if done % 2 == 0 else variants[::-1]:
                    load(variant, args.requests // args.rounds, args.clients, body, headers)
        finally:
            for variant in variants:
                variant.process.terminate()
                variant.process.wait(40)
    for variant in variants:
        for problem in variant.errors[:3]:
            print(f"{variant.name}: {problem}", file=sys.stderr)
    figures: dict[str, object] = {variant.name: variant.figures() for variant in variants}
    figures["ratio"] = figures["batched"]["per_s"] / figures["unbatched"]["per_s"]
    return figures | {"clients": args.clients, "processors": len(os.sched_getaffinity(0)), "bytes": len(body)}


def show(figures: dict) -> None:
    """The figures as a table."""
    print(
        f"{figures['clients']} clients, {figures['processors']} processors (clients included), "
        f"pictures of {figures['bytes'] / 1024:.0f} KiB"
    )
    print(f"{'':11}{'requests':>9}{'a second':>10}{'p50':>9}{'p95':>9}{'p99':>9}{'errors':>8}")
    for name in ("batched", "unbatched"):
        one = figures[name]
        times = "".join(f"{1000 * one[key]:>6.0f} ms" for key in ("p50_s", "p95_s", "p99_s"))
        print(f"{name:11}{one['requests']:>9,}{one['per_s']:>10.1f}{times}{one['errors']:>8}")
        print(f"{'':11}memory in MB: {', '.join(f'{mb:.0f}' for mb in one['memory_mb'])}")
    print(f"batched / unbatched: {figures['ratio']:.2f}")
    print(
        f"wanted: at least {AT_LEAST_PER_S:.0f} a second, p95 below {1000 * AT_MOST_P95_S:.0f} ms, no error"
    )


def main() -> None:
    data = os.environ.get("MIEN_TEST_DATA")
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--picture", type=Path, default=Path(data, PICTURE) if data else None, help="a one-face picture"
    )
    parser.add_argument("--requests", type=int, default=20_000, help="of each variant")
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--model", default="mien-base")
    parser.add_argument("--out", type=Path, help="write the figures as json")
    args = parser.parse_args()
    if args.picture is None:
        parser.error("--picture is needed where MIEN_TEST_DATA is not set")
    figures = measure(args)
    show(figures)
    write_report(args.out, figures)


if __name__ == "__main__":
    main()
