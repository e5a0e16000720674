"""Templates of feeds, pages and mail: what is put into markup is escaped, and what is missing is an error."""

from collections.abc import Callable
from functools import cache
from gettext import NullTranslations
from types import CodeType

from jinja2 import BytecodeCache, Environment, PackageLoader, StrictUndefined, pass_eval_context, select_autoescape
from jinja2.bccache import Bucket
from jinja2.nodes import EvalContext
from markupsafe import Markup


class _SharedCode(BytecodeCache):
    """Compiled templates, for the environments of all languages: nothing in one depends on the language."""

    def __init__(self) -> None:
        self._code: dict[tuple[str, str], CodeType | None] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._code.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._code[bucket.key, bucket.checksum] = bucket.code


_CODE = _SharedCode()


def create_environment(package: str, texts: NullTranslations | None = None) -> Environment:
    """Create the environment of a package's folder `templates`; blanks around blocks are left out.

    What a template marks as a text (`_("…")`, `{% trans %}`) is taken from `texts`; without, it stays English.
    """
    environment = Environment(
        loader=PackageLoader(package),
        autoescape=select_autoescape(["html", "xml", "opml"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
        bytecode_cache=_CODE,
    )
    environment.policies["ext.i18n.trimmed"] = True
    texts = texts or NullTranslations()
    environment.install_gettext_translations(texts, newstyle=True)  # type: ignore[attr-defined]
    # Jinja's own looks every text up again, and made a third of what a page costs.
    environment.globals.update(_=_make_gettext(texts), gettext=_make_gettext(texts))
    return environment


def _make_gettext(texts: NullTranslations) -> Callable[..., str]:
    """Make what says a text as Jinja's `newstyle` does: where a template escapes, so are the text's values."""

    @cache
    def look_up(message: str, kind: type[str]) -> str:
        return kind(texts.gettext(message))

    @cache
    def look_up_whole(message: str, kind: type[str]) -> str:
        return look_up(message, kind) % {}

    @pass_eval_context
    def say(place: EvalContext, message: str, /, **values: object) -> str:
        kind = Markup if place.autoescape else str
        return look_up(message, kind) % values if values else look_up_whole(message, kind)

    return say
