"""The page on which a person decides whether an edition's mail goes out. Pure."""

from dataclasses import dataclass

from yibao.catalogues import choose_interface
from yibao.settings import Site
from yibao.site.filters import label_variants, make_environment

#: A page of this kind shows a mail as mail programs do, whose style stands in the mail itself; nothing else is allowed.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self' 'unsafe-inline'; img-src 'self' https:; manifest-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


@dataclass(frozen=True, slots=True)
class WaitingMail:
    """What a person sees before they decide."""

    edition: str
    subject: str
    text: str
    html: str
    #: How many subscribers get it.
    recipients: int
    #: Until when it waits, as people write it, and what becomes of it then: release or drop.
    until: str
    afterwards: str


def render_approval(waiting: WaitingMail, site: Site) -> str:
    """Render the page with the mail as it will be read, and two buttons."""
    return _render(site, waiting=waiting, notice="")


def render_notice(notice: str, site: Site, **values: str) -> str:
    """Render the page that says what was decided, or why nothing can be decided here.

    `notice` is a text of the catalogue, `values` what stands in it.
    """
    return _render(site, waiting=None, notice=notice, values=values)


def _render(site: Site, **context: object) -> str:
    language = choose_interface(site.language)
    page = make_environment(language).get_template("approve.html")
    shared = {"site": site, "root": "../", "top": "../", "path": "approve/", "variants": label_variants(site, language)}
    return page.render(**shared, **context)
