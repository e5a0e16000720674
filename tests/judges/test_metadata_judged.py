"""Metadata of pages, by schema.org's types and by the reader of Wikimedia's citation service."""

import json
import subprocess

import pytest
from lxml import html

from tests.judges.conftest import HERE, node_package, program
from tests.judges.site import drawn, editions, entries
from yibao.settings import Arxiv, Settings, Site

PAGES = ("index.html", "papers/2501.00001/index.html", "editions/2025-01-17/index.html", "editions/2025-W03/index.html")


@pytest.fixture(scope="module")
def tree():
    some = entries()[:4]
    site = Site.model_validate({"base_url": "https://yibao.example"})
    return drawn(some, editions(some), Settings(site=site, arxiv=Arxiv(categories=("cs.CL",))))


def run(script, package, given):
    node_package(package)
    command = [program("node"), HERE / script]
    return subprocess.run(command, input=given, capture_output=True, timeout=120, check=False)


@pytest.mark.drill
def test_every_property_of_our_json_ld_is_one_of_schema_org(tree):
    found = [html.fromstring(tree[path]).xpath("//script[@type='application/ld+json']/text()") for path in PAGES]
    lines = "\n".join(json.dumps(json.loads(text)) for texts in found for text in texts)
    judged = run("schema.mjs", "schema-dts", lines.encode())
    assert judged.returncode == 0, judged.stdout.decode()
    broken = run("schema.mjs", "schema-dts", lines.replace('"headline"', '"headlin"').encode())
    assert b"headlin" in broken.stdout


@pytest.mark.drill
def test_a_citation_service_reads_the_paper(tree):
    judged = run("metadata.mjs", "html-metadata", tree["papers/2501.00001/index.html"])
    read = json.loads(judged.stdout)
    assert read["highwirePress"]["author"] == ["Zhengyang Tang", "B. Two, Jr."]
    assert read["highwirePress"]["arxiv_id"] == "2501.00001"
    assert read["dublinCore"]["type"] == "Preprint"
    assert read["openGraph"]["type"] == "article"
