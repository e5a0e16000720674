"""What a keyword of an operator or reader finds."""

import re


def compile_keyword(keyword: str) -> re.Pattern[str]:
    """Compile a keyword: `/…/` is a regular expression; a word or phrase of Latin script matches whole words.

    Raises:
        ValueError: the expression is broken; the message says where.
    """
    if keyword.startswith("/") and keyword.endswith("/") and len(keyword) > len("//"):
        try:
            return re.compile(keyword[1:-1], re.IGNORECASE)
        except re.error as error:
            raise ValueError(f"the keyword {keyword} is no regular expression: {error}") from None
    return compile_phrase(keyword)


def compile_phrase(phrase: str) -> re.Pattern[str]:
    """Compile a word or phrase as it is written, `/…/` included; one of Latin script matches whole words.

    Raises:
        ValueError: it is empty.
    """
    if not phrase.strip():
        raise ValueError("a keyword cannot be empty")
    words = re.escape(phrase).replace(r"\ ", r"\s+")
    begins = r"(?<!\w)" if phrase[:1].isascii() else ""
    ends = r"(?!\w)" if phrase[-1:].isascii() else ""
    return re.compile(begins + words + ends, re.IGNORECASE)
