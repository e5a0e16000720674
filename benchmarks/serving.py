"""`yibao serve` beside nginx and Starlette's static files: who asks again for a feed that did not change, and gets 304.

    python -m benchmarks.serving [--seconds 5] [--load 60] [--small]

Needs wrk and nginx (apt-get install wrk nginx-light); without wrk a client of our own asks at the small size.
All serve the same feed from one process; Starlette's compresses it for each request, as its middleware does.
The processor's time for each request is told beside the rates, since the client takes a share of a small machine.
Then ours is asked for files, unchanged files and feeds for two thousand different questions, at random, and its memory
is told before and after.
"""

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
from starlette.middleware.gzip import GZipMiddleware
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from benchmarks import options, publishing
from flows.steps import publication

_FEED = "feeds/all/atom.xml"
_CONNECTIONS = 16
#: What wrk asks for: three files in ten are read, six in ten are unchanged, one request in ten is a question.
_LOAD = """
local number = 0
request = function()
  number = number + 1
  local kind = number % 10
  if kind == 0 then
    return wrk.format("GET", "/feeds/search/atom.xml?q=%E6%A0%87%E9%A2%98" .. math.random(2000))
  elseif kind < 4 then
    return wrk.format("GET", "/feeds/all/atom.xml", {["Accept-Encoding"] = "gzip"})
  end
  return wrk.format("GET", "/feeds/all/atom.xml", {["If-None-Match"] = "*"})
end
"""


def requests_a_second(url: str, seconds: int, headers: dict[str, str], script: Path | None = None) -> float:
    if not shutil.which("wrk"):
        return by_ourselves(url, headers)
    given = [part for name, value in headers.items() for part in ("-H", f"{name}: {value}")]
    given += ["-s", str(script)] if script else []
    command = ["wrk", "-t1", f"-c{_CONNECTIONS}", f"-d{seconds}s", *given, url]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return float(re.search(r"Requests/sec:\s+([\d.]+)", told)[1])


def by_ourselves(url: str, headers: dict[str, str]) -> float:
    """Answers a second to a client that asks one thing after the other: enough to see that it is answered."""
    with httpx.Client(headers=headers) as client:
        before = time.perf_counter()
        for _ in range(20):
            assert client.get(url).status_code in (200, 304)
        return 20 / (time.perf_counter() - before)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def ready(url: str) -> httpx.Response:
    for _ in range(200):
        try:
            return httpx.get(url, headers={"Accept-Encoding": "identity"})
        except httpx.TransportError:
            time.sleep(0.05)
    raise SystemExit(f"{url} does not answer.")


def memory_mib(process: subprocess.Popen) -> float:
    told = Path(f"/proc/{process.pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", told)[1]) / 1024


def cpu_s(process: subprocess.Popen) -> float:
    """Processor time of a server and its children so far."""
    clock = os.sysconf("SC_CLK_TCK")
    seconds = 0.0
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            fields = path.read_text().rpartition(")")[2].split()
            if int(path.parent.name) == process.pid or int(fields[1]) == process.pid:
                seconds += (int(fields[11]) + int(fields[12])) / clock
    return seconds


def measure(name: str, process: subprocess.Popen, url: str, seconds: int) -> float:
    etag = ready(url).headers["etag"]
    headers_by_kind = {"304": {"If-None-Match": etag}, "gzip": {"Accept-Encoding": "gzip"}, "plain": {}}
    rates, costs = {}, {}
    for kind, headers in headers_by_kind.items():
        cpu_before, before = cpu_s(process), time.perf_counter()
        rates[kind] = requests_a_second(url, seconds, headers)
        requests = rates[kind] * (time.perf_counter() - before)
        costs[kind] = (cpu_s(process) - cpu_before) / requests * 1e6
    text = ", ".join(f"{kind} {rate:,.0f} a second at {costs[kind]:,.0f} µs" for kind, rate in rates.items())
    print(f"  {name:12} {text}", flush=True)
    return rates["304"]


def make_starlette_files() -> ASGIApp:
    """The published tree as Starlette alone would serve it, in the folder that the environment names."""
    app = StaticFiles(directory=os.environ["YIBAO_BENCHMARK_PUBLIC"], html=True)
    return GZipMiddleware(app, minimum_size=500, compresslevel=6)


@contextmanager
def running(command: list[str], **environ: str) -> Iterator[subprocess.Popen]:
    """Run a server while the block does."""
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, **environ}
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(10)


def starlette_command(port: int) -> list[str]:
    return [
        *(sys.executable, "-m", "uvicorn", "--factory", "benchmarks.serving:make_starlette_files"),
        *("--port", str(port), "--http", "httptools", "--loop", "uvloop", "--no-access-log", "--log-level", "error"),
    ]


def load(process: subprocess.Popen, folder: Path, url: str, seconds: int) -> None:
    """Files, unchanged files and questions at random; what memory does meanwhile."""
    (folder / "load.lua").write_text(_LOAD)
    grown = []
    httpx.get(url.replace(_FEED, "feeds/search/atom.xml"), params={"q": "标题1"}).raise_for_status()
    # The first round fills the caches.
    for _ in range(5):
        rate = requests_a_second(url, max(1, seconds // 5), {}, folder / "load.lua")
        grown.append(memory_mib(process))
    told = ", ".join(f"{size:.0f}" for size in grown)
    print(f"  a mixture with questions: {rate:,.0f} a second; memory in MiB after each fifth of {seconds} s: {told}")


def main() -> None:
    parser = options.parser(__doc__)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--load", type=int, default=60, metavar="SECONDS")
    chosen = parser.parse_args()
    if not chosen.small and not (shutil.which("wrk") and shutil.which("nginx")):
        print("serving: wrk or nginx is not installed, so nothing was measured")
    else:
        compare(*((1, 1, 100) if chosen.small else (chosen.seconds, chosen.load, 2000)))


def compare(seconds: int, load_seconds: int, papers: int) -> None:
    """Ours beside nginx, then ours alone under load, with a site of so many translated papers."""
    port, other_port = free_port(), free_port()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        site = publishing.begin(folder, ["cs.CL"])
        publishing.fill(site, papers)
        publication.publish_everything(site)
        (folder / "yibao.toml").write_text("")
        folder.chmod(0o755)
        (folder / "nginx.conf").write_text(
            f"worker_processes 1; daemon off; pid {folder}/pid; error_log {folder}/err; events {{}}\n"
            f"http {{ access_log off; gzip on; gzip_types text/xml; types {{ text/xml xml; }}"
            f" server {{ listen 127.0.0.1:{other_port}; root {folder}/public; }} }}\n"
        )
        command = [sys.executable, "-m", "commands.main", "serve", "--port", str(port)]
        with running([*command, "--config", str(folder / "yibao.toml")]) as ours:
            mine = measure("yibao serve", ours, f"http://127.0.0.1:{port}/{_FEED}", seconds)
            starlette_port = free_port()
            with running(starlette_command(starlette_port), YIBAO_BENCHMARK_PUBLIC=f"{folder}/public") as starlette:
                theirs = measure("Starlette", starlette, f"http://127.0.0.1:{starlette_port}/{_FEED}", seconds)
            print(f"  ours answers {mine / theirs:.2f} of Starlette's rate of 304")
            if shutil.which("nginx"):
                with running(["nginx", "-c", str(folder / "nginx.conf")]) as nginx:
                    theirs = measure("nginx", nginx, f"http://127.0.0.1:{other_port}/{_FEED}", seconds)
                print(f"  ours answers {mine / theirs:.2f} of nginx's rate of 304")
            else:
                print("  nginx: not measured; it is not installed")
            load(ours, folder, f"http://127.0.0.1:{port}/{_FEED}", load_seconds)


if __name__ == "__main__":
    main()
