"""OAI-PMH pages read, against a bare lxml pass over the same bytes and two peers.

    python -m benchmarks.oai_pages [--peers PEERS_PYTHON] [--small]

Twelve pages of 2,500 arXivRaw records of realistic size. The bare pass is lxml's own for documents of any size:
iterparse, tag and text of each element looked at, the element cleared. Ours is told twice: to texts by name, which is
all that peers give, and to whole papers: instants of versions, authors, canonical categories, withdrawal, fingerprint.
Ours and the peers fetch the pages from the same local server, each with its own client; times are processor time.
"""

import json
import multiprocessing
import re
import resource
import subprocess
import tempfile
import time
from contextlib import contextmanager
from datetime import date
from http.server import BaseHTTPRequestHandler, HTTPServer
from io import BytesIO
from pathlib import Path
from random import Random
from statistics import median
from urllib.parse import parse_qs, urlsplit

from lxml import etree

from benchmarks import bulk_data, options
from flows.steps.environment import SystemClock
from yibao.arxiv import oai, oai_records
from yibao.arxiv.client import Client
from yibao.settings import Arxiv

_OAI = "http://www.openarchives.org/OAI/2.0/"
_RAW = "http://arxiv.org/OAI/arXivRaw/"
_PAGES, _RECORDS, _ROUNDS = 12, 2500, 5
_URL = "http://127.0.0.1/oai?verb=ListRecords&metadataPrefix=arXivRaw"
PEER = """
import sys, time, json
name, url = sys.argv[1:]
if name == "sickle":
    from sickle import Sickle
    fetch = lambda: Sickle(url).ListRecords(metadataPrefix="arXivRaw", **{"from": "2026-01-01"})
else:
    from oaipmh_scythe import Scythe
    fetch = lambda: Scythe(url).list_records(metadata_prefix="arXivRaw", from_="2026-01-01")
times = []
for _ in range(3):
    started = time.process_time()
    count = sum(1 for record in fetch() if record.metadata)
    times.append(time.process_time() - started)
print(json.dumps([count, min(times)]))
"""


def page(chance: Random, text: str, names: list[str], first: int, count: int, *, is_last: bool) -> bytes:  # noqa: PLR0913
    root = etree.Element(f"{{{_OAI}}}OAI-PMH", None, {None: _OAI})
    _add(root, _OAI, "responseDate", "2026-11-24T02:30:00Z")
    listing = _add(root, _OAI, "ListRecords", None)
    for number in range(first, first + count):
        _record(listing, bulk_data.record(chance, f"2601.{number:05d}", text, names))
    _add(listing, _OAI, "resumptionToken", None if is_last else str((first + count - 1) // count))
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def _record(listing: etree._Element, fields: dict) -> None:
    record = _add(listing, _OAI, "record", None)
    header = _add(record, _OAI, "header", None)
    _add(header, _OAI, "identifier", f"oai:arXiv.org:{fields['id']}")
    _add(header, _OAI, "datestamp", fields["update_date"])
    for code in fields["categories"].split():
        _add(header, _OAI, "setSpec", code.replace(".", ":"))
    raw = etree.SubElement(_add(record, _OAI, "metadata", None), f"{{{_RAW}}}arXivRaw", None, {None: _RAW})
    _add(raw, _RAW, "id", fields["id"])
    _add(raw, _RAW, "submitter", fields["submitter"])
    for version in fields["versions"]:
        element = _add(raw, _RAW, "version", None)
        element.set("version", version["version"])
        _add(element, _RAW, "date", version["created"])
        _add(element, _RAW, "size", "100kb")
    for name in (
        "title",
        "authors",
        "categories",
        "comments",
        "journal-ref",
        "doi",
        "report-no",
        "license",
        "abstract",
    ):
        if fields[name]:
            _add(raw, _RAW, name, fields[name])


def _add(parent: etree._Element, space: str, name: str, text: str | None) -> etree._Element:
    element = etree.SubElement(parent, f"{{{space}}}{name}")
    element.text = text
    return element


def bare(body: bytes) -> int:
    seen = 0
    for _, element in etree.iterparse(BytesIO(body), events=("end",)):
        seen += len(element.tag) + len(element.text or "")
        element.clear()
    return seen


def tree(body: bytes) -> int:
    return sum(len(element.text or "") for element in etree.fromstring(body).iter())


def texts(body: bytes) -> int:
    return len(oai_records.iterate_records(etree.fromstring(body, etree.XMLParser(remove_blank_text=True))))


def papers(body: bytes) -> int:
    return len(oai.parse_page(body, _URL).papers)


def timed(read, bodies: list[bytes]) -> float:
    started = time.process_time()
    for body in bodies:
        read(body)
    return time.process_time() - started


def main() -> None:
    parser = options.parser(__doc__)
    parser.add_argument("--peers", help="a Python that has sickle and oaipmh-scythe; see peers.txt")
    chosen = parser.parse_args()
    pages, records, rounds = (2, 100, 1) if chosen.small else (_PAGES, _RECORDS, _ROUNDS)
    chance = Random(3)
    text, names = bulk_data.vocabulary(chance)
    bodies = [
        page(chance, text, names, 1 + number * records, records, is_last=number == pages - 1) for number in range(pages)
    ]
    print(f"{pages} pages, {pages * records} records, {sum(map(len, bodies)) / 1e6:.1f} MB")
    assert [papers(body) for body in bodies] == [texts(body) for body in bodies] == [records] * pages
    alone(bodies, rounds)
    fetching(chosen.peers, bodies, pages * records)


def alone(bodies: list[bytes], count: int) -> None:
    """Reading, and what memory does meanwhile."""
    size = sum(map(len, bodies)) / 1e6
    # Side by side, round by round, so that a busy moment of the machine hits all alike.
    rounds = [[timed(read, bodies) for read in (bare, tree, texts, papers)] for _ in range(count)]
    times = [median(one) for one in zip(*rounds, strict=True)]
    labels = ("bare lxml pass (iterparse)", "lxml tree, walked once", "ours, to texts", "ours, to papers")
    for name, seconds in zip(labels, times, strict=True):
        speed = f"{times[0] / seconds:4.2f} of the bare pass's speed"
        print(f"  {name:28} {seconds:5.2f} s  {size / seconds:4.0f} MB/s  {speed}")
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(8):
        timed(papers, bodies)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory
    print(f"  {8 * len(bodies)} pages more: peak memory grew by {grown / 1024:.0f} MiB")


def fetching(python: str | None, bodies: list[bytes], records: int) -> None:
    """The same pages from a server: ours, and the peers where there are any."""
    with _served(bodies) as url:
        fetched = min(_fetched(url, papers) for _ in range(3)), min(_fetched(url, texts) for _ in range(3))
        print(f"  ours with its client: {fetched[1]:.2f} s to texts, {fetched[0]:.2f} s to papers")
        for name, module in (("sickle", "sickle"), ("oaipmh-scythe", "oaipmh_scythe")):
            if not options.is_installed(python, module):
                continue
            done = subprocess.run([python, "-c", PEER, name, url], capture_output=True, text=True, check=True)
            count, seconds = json.loads(done.stdout)
            assert count == records
            comparison = (
                f"ours is {seconds / fetched[1]:.1f} times as fast to texts, {seconds / fetched[0]:.1f} to papers"
            )
            print(f"  {name:28} {seconds:5.2f} s  {comparison}")


def _fetched(url: str, read) -> float:
    started = time.process_time()
    settings = Arxiv(oai_url=url, pace_s=0.0, contact="bench@example.org")
    with tempfile.TemporaryDirectory() as folder, Client(settings, SystemClock(), folder=Path(folder)) as client:
        next_, token = oai.build_list_url(url, date(2026, 1, 1)), None
        while next_:
            body = client.get(next_).body
            read(body)
            match = re.search(rb"<resumptionToken>(\d+)<", body[-400:])
            token = match[1].decode() if match else None
            next_ = oai.build_next_url(url, token) if token else None
    return time.process_time() - started


@contextmanager
def _served(bodies: list[bytes]):
    """The pages on a local server, in a process of its own, so that its time is not counted."""
    ready = multiprocessing.Queue()
    process = multiprocessing.Process(target=_serve, args=(bodies, ready), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{ready.get(timeout=30)}/oai"
    finally:
        process.terminate()
        process.join()


def _serve(bodies: list[bytes], ready) -> None:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            token = parse_qs(urlsplit(self.path).query).get("resumptionToken", ["0"])[0]
            self.send_response(200)
            self.send_header("Content-Type", "text/xml; charset=utf-8")
            self.send_header("Content-Length", str(len(bodies[int(token)])))
            self.end_headers()
            self.wfile.write(bodies[int(token)])

        def log_message(self, *_: object) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Handler)
    ready.put(server.server_port)
    server.serve_forever()


if __name__ == "__main__":
    main()
