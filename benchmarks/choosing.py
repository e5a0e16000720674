"""What each subscriber gets from a large day: the index, beside a plain scan with each subscription's keywords.

    python -m benchmarks.choosing [--small]

100,000 different subscriptions of one to five topics, a day of 2,000 papers, half of them translated. The scan does the
same for as many of the subscriptions as are bearable; the ratio is of seconds a subscription, and both choose the same.
Seconds are a processor's, so that what else the machine does is left out.
"""

import time
from collections.abc import Sequence

from benchmarks import options
from benchmarks.made_editions import Words, make_edition, make_subscriptions
from yibao.keywords import compile_phrase
from yibao.newsletter.topics import EditionIndex, fold_name, list_places
from yibao.records import Entry, Subscription


def scan(entries: Sequence[Entry], subscription: Subscription) -> list[int]:
    """The papers of a subscription, by looking at every paper."""
    patterns = [compile_phrase(keyword) for keyword in subscription.keywords]
    names = {fold_name(name) for name in subscription.authors}
    return [
        place
        for place, entry in enumerate(entries)
        if set(entry.categories) & set(subscription.categories)
        or any(fold_name(author.name) in names for author in entry.paper.authors)
        or any(pattern.search(text) for pattern in patterns for text in texts(entry))
    ]


def texts(entry: Entry) -> list[str]:
    written = [entry.translation.title, entry.translation.abstract] if entry.translation else []
    return [entry.title_en, entry.paper.abstract, *written]


def main() -> None:
    chosen = options.parser(__doc__).parse_args()
    papers, subscribers, scanned = (100, 200, 20) if chosen.small else (2_000, 100_000, 100)
    words = Words(30_000)
    entries = make_edition(papers, papers // 2, words).entries
    subscriptions = list(make_subscriptions(subscribers, words))

    before = time.process_time()
    index = EditionIndex(entries)
    indexed = time.process_time() - before
    found = sum(bool(index.choose_papers(subscription).papers) for subscription in subscriptions)
    seconds = time.process_time() - before
    print(
        f"{papers} papers, {subscribers} subscriptions: {seconds:.2f} s of a processor ({indexed:.2f} s of it for the "
        f"index); {found} have something to read"
    )

    before = time.process_time()
    expected = [scan(entries, subscription) for subscription in subscriptions[:scanned]]
    each = (time.process_time() - before) / scanned
    answers = [list(list_places(index.choose_papers(one).papers)) for one in subscriptions[:scanned]]
    if answers != expected:
        raise SystemExit("The index and the scan do not choose the same papers.")
    ratio = each * subscribers / seconds
    print(f"plain scan: {1000 * each:.1f} ms a subscription; the index is {ratio:.0f} times as fast")


if __name__ == "__main__":
    main()
