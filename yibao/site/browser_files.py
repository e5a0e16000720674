"""What browsers ask for beside pages: icons, the manifest of the site, its search, a page for what is not there."""

import orjson

from yibao import catalogues
from yibao.build_graph import Document, wrap_content
from yibao.settings import Site
from yibao.site import pictures
from yibao.site.filters import label_variants, make_environment

#: The first is for feeds.
_ICON_SIZES = (144, 180, 192, 512)


def list_browser_files(site: Site, *, has_signup: bool) -> dict[str, Document]:
    """List these files by path, in the site's own language; `has_signup`: whether pages lead to the form for mail."""
    language = catalogues.choose_interface(site.language)
    environment = make_environment(language)
    # It is shown under any address: its links are whole.
    root = f"{site.base_url}/"
    missing = environment.get_template("404.html").render(
        site=site,
        root=root,
        top=root,
        path="404.html",
        variants=label_variants(site, language),
        has_signup=has_signup,
    )
    search = environment.get_template("opensearch.xml").render(site=site)
    return {
        "404.html": wrap_content(missing.encode()),
        "opensearch.xml": wrap_content(search.encode()),
        "site.webmanifest": wrap_content(_render_manifest(site, language)),
        **{f"icon-{size}.png": wrap_content(pictures.draw_icon(size)) for size in _ICON_SIZES},
    }


def _render_manifest(site: Site, language: str) -> bytes:
    """Render the web manifest. Source: https://www.w3.org/TR/appmanifest/."""
    icons = [{"src": "icon.svg", "sizes": "any", "type": "image/svg+xml"}]
    icons += [{"src": f"icon-{size}.png", "sizes": f"{size}x{size}", "type": "image/png"} for size in _ICON_SIZES]
    manifest = {
        "name": site.title,
        "short_name": site.title,
        "lang": language,
        "start_url": "./",
        "display": "browser",
        "background_color": pictures.PAPER,
        "theme_color": pictures.PAPER,
        "icons": icons,
    }
    return orjson.dumps(manifest, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
