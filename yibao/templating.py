"""Templates of feeds, pages and mail: what is put into markup is escaped, and what is missing is an error."""

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape


def make_environment(package: str) -> Environment:
    """Make an environment of the templates in a package's folder `templates`; blanks around blocks are left out."""
    return Environment(
        loader=PackageLoader(package),
        autoescape=select_autoescape(["html", "xml", "opml"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
