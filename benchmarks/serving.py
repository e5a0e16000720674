"""`yibao serve` beside nginx on the same machine: who asks again for a feed that did not change, and gets 304.

    python -m benchmarks.serving [--seconds 5]

Needs wrk and nginx (apt-get install wrk nginx-light). Both serve the same file of 264 KB from one process; memory is
that of ours after the load.
"""

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx

_FEED = "feeds/all/atom.xml"
_CONNECTIONS = 16


def requests_a_second(url: str, seconds: int, headers: dict[str, str]) -> float:
    given = [part for name, value in headers.items() for part in ("-H", f"{name}: {value}")]
    command = ["wrk", "-t1", f"-c{_CONNECTIONS}", f"-d{seconds}s", *given, url]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return float(re.search(r"Requests/sec:\s+([\d.]+)", told)[1])


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


def measure(name: str, process: subprocess.Popen, url: str, seconds: int) -> float:
    try:
        etag = ready(url).headers["etag"]
        rates = {
            "304": requests_a_second(url, seconds, {"If-None-Match": etag}),
            "gzip": requests_a_second(url, seconds, {"Accept-Encoding": "gzip"}),
            "plain": requests_a_second(url, seconds, {}),
        }
        before = memory_mib(process)
        requests_a_second(url, 4 * seconds, {"Accept-Encoding": "gzip"})
        grown = memory_mib(process) - before
        told = ", ".join(f"{kind} {rate:,.0f}" for kind, rate in rates.items())
        print(f"  {name:12} {told} a second; {before:.0f} MiB, {grown:+.1f} after {4 * seconds} s more", flush=True)
        return rates["304"]
    finally:
        process.terminate()
        process.wait(10)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=5)
    seconds = parser.parse_args().seconds
    if not (shutil.which("wrk") and shutil.which("nginx")):
        print("serving: wrk or nginx is not installed, so nothing was measured")
        return
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        file = folder / "public" / _FEED
        file.parent.mkdir(parents=True)
        file.write_text("<entry>中文 text</entry>\n" * 10_000, encoding="utf-8")
        (folder / "yibao.toml").write_text("")
        folder.chmod(0o755)
        (folder / "nginx.conf").write_text(
            f"worker_processes 1; daemon off; pid {folder}/pid; error_log {folder}/err; events {{}}\n"
            f"http {{ access_log off; gzip on; gzip_types text/xml; types {{ text/xml xml; }}"
            f" server {{ listen 127.0.0.1:8092; root {folder}/public; }} }}\n"
        )
        command = [sys.executable, "-m", "flows.cli", "serve", "--port", "8091", "--config", str(folder / "yibao.toml")]
        ours = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        mine = measure("yibao serve", ours, f"http://127.0.0.1:8091/{_FEED}", seconds)
        nginx = subprocess.Popen(["nginx", "-c", str(folder / "nginx.conf")], stderr=subprocess.DEVNULL)
        theirs = measure("nginx", nginx, f"http://127.0.0.1:8092/{_FEED}", seconds)
        print(f"  ours answers {mine / theirs:.2f} of nginx's rate of 304")


if __name__ == "__main__":
    main()
