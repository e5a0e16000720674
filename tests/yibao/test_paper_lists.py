"""Every paper is listed by category, month, author and translator, and read at an address that stays."""

import json
from dataclasses import replace
from datetime import date, timedelta

from lxml import html

from tests.judges.site import AT, DAY, drawn, entry, paper, untranslated
from yibao.records import Author, Edition, Timestamps, Version
from yibao.settings import Arxiv, Settings, Site
from yibao.site import parts

SITE = Site.model_validate({"base_url": "https://yibao.example"})
ENTRY = entry(1)


def edition(*translated, listed=(), **more):
    sections = (("cs.CL", tuple(listed)),) if listed else ()
    return Edition("2025-01-17", DAY, DAY, translated, sections, (), (), Timestamps(AT, AT), **more)


def made(*entries, editions):
    return drawn(entries, editions, Settings(site=SITE, arxiv=Arxiv(categories=("cs.CL",))))


def lines(count):
    return tuple(
        replace(untranslated(1000 + n, title=f"A paper with a long title, number {n}"), stamp=Timestamps(AT, AT))
        for n in range(count)
    )


def test_every_category_with_papers_has_its_months_with_every_paper_on_pages_that_stay():
    next_day = Timestamps(AT + timedelta(days=1), AT + timedelta(days=1))
    papers = (*lines(350), *(replace(paper, stamp=next_day) for paper in lines(450)[350:]))
    before, after = (made(*some, editions=[edition(listed=some)]) for some in (papers[:350], papers))
    for code in ("cs.CL", "cs.AI"):
        month = f"categories/{code}/2025-01/"
        assert html.fromstring(after[f"categories/{code}/index.html"]).xpath("//a[@href='2025-01/']")
        paths = [path for path in after if path.startswith(month)]
        assert {*paths} == {f"{month}{place}index.html" for place in ("", "1/", "2/", "3/")}
        assert sorted(title for path in paths for title in titles(after, path)) == sorted(
            paper.title_en for paper in papers
        )
        assert before[f"{month}1/index.html"] == after[f"{month}1/index.html"]
        assert titles(before, f"{month}2/index.html") == titles(after, f"{month}2/index.html")
    assert "feeds/cs.AI" not in after["categories/cs.AI/index.html"].decode()


def test_where_papers_stand_is_told_of_every_edition_with_several_pages_and_lists_of_1500_papers_stay_small():
    text = "We study models of language at length. " * 30
    papers = tuple(replace(one, paper=replace(one.paper, abstract=text)) for one in lines(1500))
    day = edition(ENTRY, listed=papers)
    small = edition(listed=papers[:2])
    tree = made(ENTRY, *papers, editions=[day, replace(small, key="2025-01-16", starts_on=date(2025, 1, 16))])
    numbers = json.loads(tree["editions/2025-01-17/pages.json"])
    assert "editions/2025-01-16/pages.json" not in tree
    assert len(numbers) == 1501
    for arxiv_id in ("2501.00001", "2501.01000", "2501.01700", "2501.02499"):
        number = numbers[arxiv_id]
        path = f"editions/2025-01-17/{f'{number}/' if number > 1 else ''}index.html"
        assert f'id="{arxiv_id}"' in tree[path].decode()
    places = [path for path in tree if path.endswith("index.html")]
    kinds = ("authors/", "categories/cs.CL/", "editions/2025-01-17/")
    for kind in kinds:
        sizes = {path: len(tree[path]) for path in places if path.startswith(kind)}
        assert len(sizes) > 10
        assert max(sizes.values()) < 150_000, sizes


def titles(tree, path):
    return [link.text for link in html.fromstring(tree[path]).xpath("//main//ol/li/a")]


def test_an_author_of_a_translated_paper_has_a_page_with_all_their_papers_and_others_have_none():
    alone, other = lines(2)
    alone = replace(alone, paper=replace(alone.paper, authors=(Author("Nobody Else"),)))
    other = replace(other, paper=replace(other.paper, authors=(Author("José Müller"),)))
    with_her = entry(1, authors=(Author("José Müller"), Author("DeepMind"), Author("A. " * 200)))
    tree = made(with_her, alone, other, editions=[edition(with_her, listed=(alone, other))])
    places = sorted(path for path in tree if path.startswith("authors/") and path.count("/") == 2)
    assert len(places) == 3
    assert max(len(part.encode()) for path in places for part in path.split("/")) < 255
    (jose,) = [path for path in places if "josé" in path]
    document = html.fromstring(tree[jose])
    assert document.findtext(".//h1") == "José Müller"
    links = document.xpath("//main//ol/li/a/@href")
    assert sorted(links) == ["../../editions/2025-01-17/#2501.01001", "../../papers/2501.00001/"]
    assert "同名" in document.text_content()
    on_paper = html.fromstring(tree["papers/2501.00001/index.html"]).xpath("//a[starts-with(@href, '../../authors/')]")
    assert [f"{link.get('href').removeprefix('../../')}index.html" in tree for link in on_paper] == [True] * 3


def test_a_paper_without_translation_is_read_in_its_days_edition_where_all_lists_lead():
    day = edition(ENTRY, listed=lines(90))
    week = replace(day, key="2025-W03", starts_on=date(2025, 1, 13), ends_on=date(2025, 1, 19))
    tree = made(ENTRY, *lines(90), editions=[day, week])
    listed = html.fromstring(tree["editions/2025-W03/index.html"]).xpath("//li//a[starts-with(@href, '../')]/@href")
    targets = {href for href in listed if "#" in href}
    assert len(targets) == len(listed) == 90
    for target in targets:
        place, _, anchor = target.removeprefix("../../").partition("#")
        (line,) = html.fromstring(tree[f"{place}index.html"]).xpath(f"//li[@id='{anchor}']")
        assert "We study models" in line.xpath("./details")[0].text_content()


def test_a_translation_moves_no_other_paper_to_another_page():
    papers = lines(200)
    before = parts.locate_entries(edition(ENTRY, listed=papers, announced=(("cs.CL", papers),)))
    new = replace(papers[70], translation=ENTRY.translation)
    announced = (("cs.CL", (*papers[:70], new, *papers[71:])),)
    later = edition(ENTRY, new, listed=(*papers[:70], *papers[71:]), announced=announced)
    assert {**before, new.arxiv_id: 1} == parts.locate_entries(later)
    assert before[papers[-1].arxiv_id] > 2


def test_the_page_of_a_paper_leads_on():
    described = paper(
        1,
        title="Sparse attention kernels",
        authors=tuple(Author(f"Author {n}") for n in range(20)),
        comment="Code: https://github.com/a/b; project page: https://a.github.io",
        journal_ref="Journal & Proc. 5",
        doi="10.1000/x_y",
        versions=(Version(1, AT), Version(2, None)),
    )
    first, second = (
        replace(ENTRY, paper=described),
        entry(2, title="Sparse attention again", authors=(Author("Author 3"),)),
    )
    tree = made(first, second, editions=[edition(first, second)])
    document = html.fromstring(tree["papers/2501.00001/index.html"])
    links = document.xpath("//main//a/@href")
    for link in (
        *("https://github.com/a/b", "https://a.github.io", "https://doi.org/10.1000/x_y"),
        *(
            "https://arxiv.org/html/2501.00001",
            "https://arxiv.org/pdf/2501.00001",
            "https://arxiv.org/abs/2501.00001v2",
        ),
        *(
            "../../categories/cs.CL/",
            "../../categories/cs.AI/",
            "../../feeds/cs.CL/atom.xml",
            "../../editions/2025-01-17/",
        ),
    ):
        assert link in links, link
    assert len({link for link in links if link.startswith("../../authors/")}) == 20
    assert "Author 11" in document.xpath("//main/p[@class='quiet']")[0].text_content()
    assert "Author 12" in document.xpath("//details")[0].text_content()
    (related,) = document.xpath("//section[@aria-labelledby='related']")
    assert related.xpath(".//li/a/@href") == ["../../papers/2501.00002/"]
    assert "Author 3" in related.text_content()
    assert "attention" in related.text_content()
    assert document.xpath("//nav[@class='beside']//a/@href") == [
        "../../editions/2025-01-17/",
        "../../papers/2501.00002/",
    ]


def test_a_paper_of_thousands_links_some_hundreds_and_names_all_on_a_page_of_a_phones_size():
    many = entry(1, authors=tuple(Author(f"Author Number {n}") for n in range(3000)))
    tree = made(many, editions=[edition(many)])
    page = tree["papers/2501.00001/index.html"]
    assert len(page) < 150_000
    assert b"Author Number 2999" in page
    assert sum(path.startswith("authors/") for path in tree) == 301
