"""An edition as messages: each person's papers, in their language, signed, within what mail programs show.

What many messages have in common is rendered and encoded once an edition; a message is put together from that.
"""

import hashlib
from collections.abc import Iterator, Sequence
from datetime import datetime
from email.utils import format_datetime, parseaddr
from functools import cache, cached_property, lru_cache, partial
from typing import NamedTuple
from zoneinfo import ZoneInfo

from yibao import categories, holidays
from yibao.dates import find_eastern_date
from yibao.newsletter import encoding
from yibao.newsletter.dkim import Signer
from yibao.newsletter.entry_texts import LEAD, Form
from yibao.newsletter.layout import Group, Layout, list_layouts
from yibao.newsletter.links import SUBSCRIBE, Links
from yibao.newsletter.messages import Message
from yibao.newsletter.renderer import Heading, Piece, Renderer
from yibao.newsletter.topics import Choice, EditionIndex, list_places
from yibao.newsletter.wording import count_columns, shorten_to_columns
from yibao.records import Edition, Language, Subscription
from yibao.settings import Newsletter, Site
from yibao.text import join_lines

#: Gmail clips a message at about 102 KB.
LIMIT_BYTES = 100_000
#: Of header fields, signature and foot.
_OTHER_BYTES = 10_000
#: Mails that are kept as long as others need what they have in common.
_MOST_SHARED = 64
#: Columns of a subject that mail programs show, a Chinese sign taking two; and of what they show behind it.
_SUBJECT_COLUMNS, _PREHEADER_TITLES = 66, 3
#: Pixels that reasons add to a paper.
_REASONS_HEIGHT = 19


class Recipient(NamedTuple):
    """All that is personal."""

    #: As the server is told (wire form).
    email: str
    subscription: Subscription
    links: Links
    #: Address for MAIL FROM.
    return_path: str


class Issue:
    """An edition, prepared for all messages about it."""

    def __init__(self, edition: Edition, site: Site, newsletter: Newsletter, signer: Signer | None) -> None:
        self.edition, self.site, self.newsletter, self.signer = edition, site, newsletter, signer
        self.index = EditionIndex(edition.entries)
        #: Subscribers without topics, and with the same ones, get the same but for the foot.
        self.compose_shared = lru_cache(_MOST_SHARED)(partial(_compose_shared, self))
        self._renderers = {language: Renderer(edition, site, language) for language in Language}

    def find_renderer(self, language: Language) -> Renderer:
        """Find what renders a language's pieces."""
        return self._renderers[language]

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        """All papers under the edition's headings."""
        edition, groups, start = self.edition, [], 0
        named = [("translated", edition.translated), *edition.by_category, ("replaced", edition.replaced)]
        for name, entries in named:
            groups.append(Group(name, tuple(range(start, start + len(entries)))))
            start += len(entries)
        return tuple(groups)

    @cached_property
    def reply_address(self) -> str:
        """Where replies go."""
        return parseaddr(self.newsletter.reply_to or self.newsletter.sender)[1]

    @cached_property
    def shared_fields(self) -> tuple[str, ...]:
        """Header fields that all messages have in common."""
        return tuple(_list_shared_fields(self.site, self.newsletter))


class _Mail(NamedTuple):
    """What is in one person's message, before it is a message."""

    #: As people read it; a header field in what is shared.
    subject: str
    text: list[encoding.Fragment]
    html: list[encoding.Fragment]


def prepare_issue(edition: Edition, site: Site, newsletter: Newsletter, signer: Signer | None = None) -> Issue:
    """Prepare an edition, once for all its messages."""
    return Issue(edition, site, newsletter, signer)


def has_papers(issue: Issue, subscription: Subscription) -> bool:
    """Check whether anything in an edition is for them."""
    return bool(issue.index.choose_papers(subscription).papers)


def compose_message(issue: Issue, recipient: Recipient, at: datetime) -> Message:
    """Compose one person's message; where no paper is for them, one that says so and why.

    Args:
        issue: the edition, prepared.
        recipient: the person.
        at: when it is handed over; all else follows from edition and person.

    Raises:
        ValueError: the address cannot be written into a message.
    """
    sender = issue.newsletter.sender
    message_id = make_message_id(issue.edition.key, recipient.email, sender)
    mail = _compose_mail(issue, recipient, at)
    fields = [
        *issue.shared_fields,
        f"To: {encoding.check_address(recipient.email)}",
        mail.subject,
        f"Date: {format_datetime(at.astimezone(ZoneInfo(recipient.subscription.timezone)))}",
        f"Message-ID: {message_id}",
        *_list_leaving_fields(issue, recipient),
    ]
    parts = [encoding.build_part("plain", mail.text), encoding.build_part("html", mail.html)]
    # Deterministic, so that composing again gives the same bytes.
    boundary = f"=_{hashlib.sha256(message_id.encode()).hexdigest()[:32]}"
    content = encoding.build_message(fields, parts, boundary)
    signed = issue.signer.sign_message(content) if issue.signer else content
    return Message(message_id, recipient.return_path, recipient.email, signed)


def compose_preview(edition: Edition, site: Site) -> tuple[str, str]:
    """Compose what a subscriber without topics gets, as text and as HTML, for looking at."""
    links = Links(f"{site.base_url}/{SUBSCRIBE}", f"{site.base_url}/{SUBSCRIBE}")
    at = datetime.combine(edition.ends_on, datetime.min.time(), ZoneInfo("America/New_York"))
    mail = _compose_mail(prepare_issue(edition, site, Newsletter()), Recipient("", Subscription(), links, ""), at)
    text, html = (encoding.decode_fragments(part) for part in (mail.text, mail.html))
    return text, html


def make_message_id(edition_key: str, email: str, sender: str) -> str:
    """Make a Message-ID, the same for every try at one person and edition: mail programs recognise a repetition."""
    digest = hashlib.sha256(f"{edition_key}\n{email.lower()}".encode()).hexdigest()[:32]
    return f"<{edition_key}.{digest}@{_find_domain(sender)}>"


def _compose_mail(issue: Issue, recipient: Recipient, at: datetime) -> _Mail:
    """Put together what subscribers with the same topics have in common, and what is this one's."""
    subscription = recipient.subscription
    renderer = issue.find_renderer(subscription.language)
    choice = issue.index.choose_papers(subscription)
    notes = tuple(_list_notes(issue, renderer, choice, at.astimezone(ZoneInfo(subscription.timezone))))
    shared = issue.compose_shared(renderer, choice, notes)
    about = renderer.words.describe_subscription(subscription, issue.site.title)
    foot = renderer.render_personal("foot", about=about, **_find_foot_links(issue, recipient))
    end = renderer.frame[1]
    return _Mail(shared.subject, [*shared.text, foot.text], [*shared.html, foot.html, end])


def _compose_shared(issue: Issue, renderer: Renderer, choice: Choice, notes: tuple[str, ...]) -> _Mail:
    """Compose the most generous mail that fits, but for its foot."""
    groups = _group_papers(issue, choice)

    def measure(places: Sequence[int], form: Form) -> int:
        return renderer.measure(places, form) + (_REASONS_HEIGHT * len(places) if choice.by_topic else 0)

    for layout in list_layouts(groups, measure, is_weekly=issue.edition.is_weekly):
        mail = _lay_out_mail(issue, renderer, choice, layout, notes)
        if _count_bytes(mail) <= LIMIT_BYTES - _OTHER_BYTES:
            break
    return _Mail(encoding.write_field("Subject", mail.subject), [_join(mail.text)], [_join(mail.html)])


def _lay_out_mail(issue: Issue, renderer: Renderer, choice: Choice, layout: Layout, notes: tuple[str, ...]) -> _Mail:
    subject, preheader = _write_summary(issue, renderer, choice, layout)
    translated = (1 << len(issue.edition.translated)) - 1
    headings = tuple(_list_headings(renderer, layout))
    head = renderer.render_shared(
        "head",
        preheader=preheader,
        sections=headings,
        notes=notes,
        papers=choice.papers.bit_count(),
        translated=(choice.papers & translated).bit_count(),
    )
    pieces = [head, *_list_pieces(renderer, choice, layout, headings)]
    opening = renderer.frame[0]
    return _Mail(subject, [piece.text for piece in pieces], [opening, *(piece.html for piece in pieces)])


def _list_pieces(renderer: Renderer, choice: Choice, layout: Layout, headings: Sequence[Heading]) -> Iterator[Piece]:
    """List the pieces between head and foot."""
    rest = iter(headings)
    if layout.leads:
        yield renderer.render_shared("section", section=next(rest))
        yield from _list_entries(renderer, choice, layout.leads, LEAD)
    for section in layout.sections:
        if section.places:
            yield renderer.render_shared("section", section=next(rest))
            yield from _list_entries(renderer, choice, section.places, section.form)
            if len(section.places) < section.total:
                yield renderer.render_shared("more", papers=section.total - len(section.places), is_elsewhere=False)
    left = sum(section.total for section in layout.sections if not section.places)
    if left:
        yield renderer.render_shared(
            "more", papers=left, is_elsewhere=any(section.places for section in layout.sections)
        )


def _list_entries(renderer: Renderer, choice: Choice, places: Sequence[int], form: Form) -> Iterator[Piece]:
    for place in places:
        before, behind = renderer.render_entry(place, form)
        yield before
        reasons = choice.find_reasons(place)
        if reasons:
            yield renderer.render_reasons(reasons=renderer.words.explain_reasons(reasons))
        yield behind


def _list_headings(renderer: Renderer, layout: Layout) -> Iterator[Heading]:
    """List the headings of what is shown."""
    words = renderer.words
    if layout.leads:
        yield Heading("leads", words.find_heading("leads"), "", len(layout.leads))
    for section in layout.sections:
        if section.places:
            category = categories.load_taxonomy().get(section.name)
            yield Heading(section.name, words.find_heading(section.name), words.name_category(category), section.total)


def _group_papers(issue: Issue, choice: Choice) -> list[Group]:
    """Group a person's papers: first what their keywords and authors ask for, then as the edition has it."""
    is_mixed = choice.named_papers and choice.named_papers != choice.papers
    named = choice.named_papers if is_mixed else 0
    rest = set(list_places(choice.papers ^ named))
    groups = [Group(group.name, tuple(place for place in group.places if place in rest)) for group in issue.groups]
    return [group for group in (Group("named", tuple(list_places(named))), *groups) if group.places]


def _write_summary(issue: Issue, renderer: Renderer, choice: Choice, layout: Layout) -> tuple[str, str]:
    """Write the subject, and what mail programs show behind it."""
    words, title, edition = renderer.words, issue.site.title, issue.edition
    shown = [*layout.leads, *(place for section in layout.sections for place in section.places)]
    titles = [renderer.find_text(place).title for place in shown[: 1 + _PREHEADER_TITLES]]
    if not titles:
        return words.write_empty_subject(title, edition), ""
    papers = choice.papers.bit_count()
    room = _SUBJECT_COLUMNS - count_columns(words.write_subject(title, edition, "", papers))
    lead = shorten_to_columns(titles[0], room)
    return join_lines(words.write_subject(title, edition, lead, papers)), words.write_preheader(titles[1:])


def _list_notes(issue: Issue, renderer: Renderer, choice: Choice, local: datetime) -> Iterator[str]:
    """List what is not as usual: nothing for them, lists that are not complete, a late edition."""
    edition, words = issue.edition, renderer.words
    if not choice.papers:
        holiday = None if edition.is_weekly else holidays.find_holiday(edition.starts_on)
        yield words.explain_emptiness(edition, len(edition.entries), holiday)
    if edition.notes:
        yield words.describe_gaps(edition.notes)
    if find_eastern_date(local) > edition.ends_on:
        yield words.describe_delay(edition, local.date())


def _count_bytes(mail: _Mail) -> int:
    """Count the bytes of both parts, each in its smaller encoding."""
    return sum(
        min(sum(len(fragment[kind]) for fragment in fragments) for kind in (0, 1))
        for fragments in (mail.text, mail.html)
    )


def _join(fragments: Sequence[encoding.Fragment]) -> encoding.Fragment:
    return encoding.Fragment(
        b"".join(fragment.quoted for fragment in fragments), b"".join(fragment.base64 for fragment in fragments)
    )


def _list_shared_fields(site: Site, newsletter: Newsletter) -> Iterator[str]:
    domain = _find_domain(newsletter.sender)
    yield encoding.write_address_field("From", newsletter.sender)
    yield encoding.write_address_field("Reply-To", newsletter.reply_to or newsletter.sender)
    yield f"List-Id: {encoding.write_phrase(site.title, len('List-Id: '))}<digest.{domain}>"
    yield f"List-Help: <{site.base_url}/about/>"
    yield f"List-Archive: <{site.base_url}/editions/>"
    if newsletter.signup:
        yield f"List-Subscribe: <{site.base_url}/{SUBSCRIBE}>"
    # No answering machine answers it.
    yield "Auto-Submitted: auto-generated"
    yield "Precedence: list"


def _list_leaving_fields(issue: Issue, recipient: Recipient) -> Iterator[str]:
    """List the fields by which mail programs offer to leave. One click needs https (RFC 8058)."""
    by_mail = f"<{_find_leaving_address(issue, recipient)}>"
    if not issue.newsletter.signup:
        yield f"List-Unsubscribe: {by_mail}"
        return
    leave = recipient.links.leave
    yield f"List-Unsubscribe: <{leave}>,\r\n {by_mail}"
    if leave.startswith("https://"):
        yield "List-Unsubscribe-Post: List-Unsubscribe=One-Click"


def _find_foot_links(issue: Issue, recipient: Recipient) -> dict[str, str]:
    if issue.newsletter.signup:
        return {"preferences": recipient.links.preferences, "leave": recipient.links.leave}
    return {"preferences": "", "leave": _find_leaving_address(issue, recipient)}


def _find_leaving_address(issue: Issue, recipient: Recipient) -> str:
    """Find where a mail program writes to leave: the marked return path, which a run reads; else where replies go."""
    marked = recipient.return_path if issue.newsletter.return_path else ""
    return f"mailto:{marked or issue.reply_address}?subject=unsubscribe"


@cache
def _find_domain(sender: str) -> str:
    return parseaddr(sender)[1].partition("@")[2] or "localhost"
