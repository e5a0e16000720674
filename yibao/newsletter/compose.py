"""An edition as a message: a text part and an HTML part, both written for people.

The whole message stays under the size at which the largest mail service cuts messages off; what does not fit is
shortened evenly and can be read on the edition's page, to which every entry links.
"""

import hashlib
from datetime import datetime
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime, parseaddr
from functools import cache
from typing import Any, NamedTuple

import css_inline
from jinja2 import Environment
from markupsafe import Markup

from yibao import categories, identifiers, markup, templating
from yibao.edition_summaries import describe_counts, describe_gaps, name_edition
from yibao.records import Edition, Entry
from yibao.settings import Site
from yibao.text import join_lines, remove_illegal_characters, shorten_text

#: Gmail clips a message at about 102 KB.
LIMIT_BYTES = 100_000
#: (characters of an abstract, titles in each category) from the most generous to the tersest.
_MEASURES = ((None, 40), (None, 15), (700, 10), (400, 8), (250, 5), (120, 3), (0, 0))
# RFC 2047 allows 75 characters a word; twelve of them are its frame.
_WORD_CHARACTERS = 63
#: Authors that are named of each paper.
_MOST_NAMES = 8


class Body(NamedTuple):
    """The parts of a message that all subscribers share."""

    subject: str
    text: str
    html: str


class MailPolicy(EmailPolicy):
    """Writes a subject so that every client shows the whole of it.

    Python writes base64 words and pads each, and some clients (GMime's, notmuch) stop at the first padding:
    quoted words need none.
    """

    def fold(self, name: str, value: Any) -> str:
        """Fold the header into lines of ASCII."""
        if name.lower() == "subject" and not str(value).isascii():
            return f"Subject: {encode_subject(str(value))}\n"
        return str(super().fold(name, value))

    def fold_binary(self, name: str, value: Any) -> bytes:
        """Fold the header into bytes."""
        return (
            self.fold(name, value)
            .replace("\r\n", "\n")
            .replace("\n", self.linesep)
            .encode("utf-8" if self.utf8 else "ascii", "surrogateescape")
        )


POLICY = MailPolicy(linesep="\r\n", max_line_length=76)
#: For a recipient whose address is not ASCII before the @. Source: RFC 6532.
_UTF8_POLICY = POLICY.clone(utf8=True)


def compose_body(edition: Edition, site: Site) -> Body:
    """Compose the message's parts, within the size limit."""
    for abstract, titles in _MEASURES:
        body = _render_body(edition, site, abstract, titles)
        if _estimate_size(body) <= LIMIT_BYTES:
            break
    return body


def compose_message(parts: Body, edition_key: str, recipient: str, sender: str, at: datetime) -> EmailMessage:
    """Compose the message for one person. `at` is when it is handed over; all else follows from edition and person."""
    mail = EmailMessage(policy=POLICY)
    mail["From"] = sender
    mail["To"] = recipient
    mail["Subject"] = parts.subject
    mail["Date"] = format_datetime(at)
    mail["Message-ID"] = make_message_id(edition_key, recipient, sender)
    mail["List-Id"] = f"<digest.{_find_domain(sender)}>"
    mail["List-Unsubscribe"] = f"<mailto:{parseaddr(sender)[1]}?subject=unsubscribe>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(parts.text, cte="base64")
    mail.add_alternative(parts.html, subtype="html", cte="base64")
    # Deterministic, so that composing again gives the same bytes.
    mail.set_boundary(f"yibao-{hashlib.sha256(mail['Message-ID'].encode()).hexdigest()[:32]}")
    return mail


def serialize_message(mail: EmailMessage) -> bytes:
    """Serialize a message for a server: ASCII, unless the recipient's address has letters that ASCII lacks."""
    return mail.as_bytes(policy=POLICY if str(mail["To"]).isascii() else _UTF8_POLICY)


def make_message_id(edition_key: str, recipient: str, sender: str) -> str:
    """Make a Message-ID, the same for every try at one person and edition: mail programs recognise a repetition."""
    digest = hashlib.sha256(f"{edition_key}\n{recipient.lower()}".encode()).hexdigest()[:32]
    return f"<{edition_key}.{digest}@{_find_domain(sender)}>"


def encode_subject(subject: str) -> str:
    """Encode the subject in RFC 2047 words of whole characters, folded."""
    words = [""]
    for letter in subject:
        encoded = (
            letter if letter.isascii() and letter.isalnum() else "".join(f"={byte:02X}" for byte in letter.encode())
        )
        if len(words[-1]) + len(encoded) > _WORD_CHARACTERS:
            words.append("")
        words[-1] += encoded
    return "\n ".join(f"=?utf-8?q?{word}?=" for word in words)


def _find_domain(sender: str) -> str:
    return parseaddr(sender)[1].partition("@")[2] or "localhost"


def _estimate_size(parts: Body) -> int:
    # Base64 makes four bytes of three, in lines of 76 with two more; headers take about a kilobyte.
    return sum(len(part.encode()) * 4 // 3 * 78 // 76 for part in (parts.text, parts.html)) + 2048


def _render_body(edition: Edition, site: Site, abstract: int | None, titles: int) -> Body:
    values = {
        "edition": edition,
        "site": site,
        "abstract": abstract,
        "titles": titles,
        "edition_url": f"{site.base_url}/editions/{edition.key}/",
    }
    counts = describe_counts(len(edition.translated), edition.untranslated)
    if not edition.translated and not edition.untranslated:
        counts = describe_counts(0, 0, len(edition.replaced))
    subject = f"{site.title} {name_edition(edition.key)}：{counts}"
    text = _load_templates().get_template("edition.txt").render(values)
    html = _load_templates().get_template("edition.html").render(values, subject=subject)
    inlined = css_inline.CSSInliner(keep_at_rules=True, keep_style_tags=False).inline(html)
    return Body(
        join_lines(remove_illegal_characters(subject)),
        remove_illegal_characters(text),
        remove_illegal_characters(inlined),
    )


@cache
def _load_templates() -> Environment:
    environment = templating.create_environment("yibao.newsletter")
    environment.globals.update(abs_url=identifiers.build_abs_url)
    environment.filters.update(
        plain=markup.render_plain,
        category=categories.find_category,
        names=_join_names,
        more_names=_count_names,
        edition_name=name_edition,
        gaps=describe_gaps,
        abstract_text=render_abstract_text,
        abstract_html=render_abstract_html,
    )
    return environment


def _join_names(entry: Entry) -> str:
    return ", ".join(author.name for author in entry.paper.authors[:_MOST_NAMES]) if entry.paper else ""


def _count_names(entry: Entry) -> str:
    count = len(entry.paper.authors) if entry.paper else 0
    return f"等 {count} 人" if count > _MOST_NAMES else ""


def render_abstract_text(entry: Entry, limit: int | None) -> str:
    """Render the translated abstract (else the English one) as text of at most so many characters."""
    if entry.translation and entry.translation.abstract:
        full = markup.render_markdown_text(entry.translation.abstract)
    else:
        full = markup.render_abstract_text(entry.paper.abstract) if entry.paper else ""
    return full if limit is None else shorten_text(full, limit) if limit else ""


def render_abstract_html(entry: Entry, limit: int | None) -> str:
    """Render the same as HTML; a shortened one is one paragraph of text."""
    if limit is None and entry.translation and entry.translation.abstract:
        return Markup(markup.render_markdown_html(entry.translation.abstract, has_mathml=False))  # noqa: S704  (escaped there)
    return Markup("<p>{}</p>").format(render_abstract_text(entry, limit))
