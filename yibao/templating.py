"""Templates of feeds, pages and mail: what is put into markup is escaped, and what is missing is an error."""

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape


def create_environment(package: str) -> Environment:
    """Create the environment of a package's folder `templates`; blanks around blocks are left out."""
    return Environment(
        loader=PackageLoader(package),
        autoescape=select_autoescape(["html", "xml", "opml"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
