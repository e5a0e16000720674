"""Pictures of papers and editions for those who share them, and the site's icons. Same texts and font, same bytes.

A picture is 1200 by 630, as social networks ask for: https://ogp.me/. Its few colours make it small.
"""

import io
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

from PIL import Image, ImageChops, ImageColor, ImageDraw, ImageFont

from yibao.build_graph import digest_inputs

WIDTH, HEIGHT = 1200, 630
PAPER, INK, QUIET, SEAL = "#fbfaf7", "#1f1d1a", "#6b655c", "#a5281b"
_MARGIN = 72
#: Shades of each colour that smooth its letters.
_SHADES = 5
#: Letters of a title that is set large.
_SHORT_TITLE = 34
#: Signs from here on stand by themselves.
_FIRST_WIDE = 0x2E80
#: Signs that begin no line of Chinese.
_NEVER_FIRST = frozenset("，。、；：！？）》」』”’％…")
#: Of icon.svg, on its square of 32: left, top, right, bottom.
_ICON = ((7, 8, 24, 10), (7, 14, 14, 16), (17, 14, 24, 23), (7, 20, 14, 23))


class Font(NamedTuple):
    """A font with Chinese letters."""

    path: Path
    #: Of its bytes.
    digest: str
    #: Its number among the faces in the file.
    face: int = 0


class Picture(NamedTuple):
    """What a picture says."""

    #: Above all else: whose it is.
    site: str
    #: In quiet letters beside it, such as a date.
    dateline: str
    title: str
    #: In smaller letters below: an English title, or titles of papers.
    lines: Sequence[str]
    foot: str


def list_faces(path: Path) -> list[str]:
    """List the names of the faces in a font's file, such as `Noto Serif CJK SC`."""
    names: list[str] = []
    while True:
        try:
            names.append(str(ImageFont.truetype(path, 20, index=len(names)).getname()[0]))
        except OSError:
            return names


def digest_drawing(font: Font) -> str:
    """Digest what pictures are drawn with: this module and the font, so that another program draws none again."""
    return digest_inputs(_digest_module(), font.digest, font.face)


def draw_picture(picture: Picture, font: Font) -> bytes:
    """Draw a picture as PNG."""
    sheet = _Sheet(font)
    sheet.fill((0, 0, WIDTH, 14), SEAL)
    sheet.write((_MARGIN, 52), picture.site, 44, SEAL)
    sheet.write((WIDTH - _MARGIN - sheet.measure(picture.dateline, 28), 66), picture.dateline, 28, QUIET)
    sheet.fill((_MARGIN, 123, WIDTH - _MARGIN, 125), INK)
    top = 156
    size = 60 if len(picture.title) <= _SHORT_TITLE else 48
    for line in sheet.wrap(picture.title, size, 3):
        sheet.write((_MARGIN, top), line, size, INK)
        top += size * 4 // 3
    top += 20
    most = 2 if len(picture.lines) == 1 else 1
    for line in (line for text in picture.lines for line in sheet.wrap(text, 30, most)):
        sheet.write((_MARGIN, top), line, 30, QUIET)
        top += 44
    for line in sheet.wrap(picture.foot, 26, 1):
        sheet.write((_MARGIN, HEIGHT - 76), line, 26, INK)
    return sheet.encode()


def draw_icon(size: int) -> bytes:
    """Draw the site's icon as PNG, without rounded corners: phones round it themselves."""
    image = Image.new("P", (size, size), 0)
    image.putpalette([*ImageColor.getrgb(SEAL), *ImageColor.getrgb(PAPER)])
    canvas = ImageDraw.Draw(image)
    for left, top, right, bottom in _ICON:
        edges = (left * size // 32, top * size // 32, (right + 1) * size // 32 - 1, (bottom + 1) * size // 32 - 1)
        canvas.rectangle(edges, fill=1)
    return _encode(image)


class _Sheet:
    """Paper on which each colour has a layer of its own; no two overlap. Faster than to choose a palette."""

    def __init__(self, font: Font) -> None:
        self._font = font
        self._layers = {colour: Image.new("L", (WIDTH, HEIGHT)) for colour in (INK, QUIET, SEAL)}

    def fill(self, edges: tuple[int, int, int, int], colour: str) -> None:
        ImageDraw.Draw(self._layers[colour]).rectangle(edges, fill=255)

    def write(self, at: tuple[float, float], text: str, size: int, colour: str) -> None:
        ImageDraw.Draw(self._layers[colour]).text(at, text, 255, _load_font(self._font, size))

    def measure(self, text: str, size: int) -> float:
        return _load_font(self._font, size).getlength(text)

    def wrap(self, text: str, size: int, most: int) -> list[str]:
        """Break a text into lines that fit, at most so many; what is left out is told by an ellipsis."""
        lines: list[str] = []
        line = ""
        for word in self._split(text, size):
            if line and word not in _NEVER_FIRST and self._is_too_long(line + word.rstrip(), size):
                lines.append(line.rstrip())
                line = ""
            line += word
        lines += [line.rstrip()] if line.strip() else []
        if len(lines) > most:
            last = lines[most - 1]
            while last and self._is_too_long(f"{last}…", size):
                last = last[:-1]
            lines = [*lines[: most - 1], f"{last}…"]
        return lines

    def encode(self) -> bytes:
        """Put the layers onto one another: each shade of each colour is a colour of the palette."""
        palette = [*ImageColor.getrgb(PAPER)]
        image = Image.new("L", (WIDTH, HEIGHT))
        for number, (colour, layer) in enumerate(self._layers.items()):
            first = number * _SHADES
            image = ImageChops.add(
                image, layer.point([0, *(first + 1 + (n * _SHADES - 1) // 256 for n in range(1, 256))])
            )
            for shade in range(1, _SHADES + 1):
                palette += _mix(colour, shade / _SHADES)
        image = image.convert("P")
        image.putpalette(palette)
        return _encode(image)

    def _split(self, text: str, size: int) -> Iterator[str]:
        """Split a text where a line may end; a word that is longer than a line, behind each letter."""
        for word in _split(text):
            yield from word if self._is_too_long(word, size) else (word,)

    def _is_too_long(self, line: str, size: int) -> bool:
        return self.measure(line, size) > WIDTH - 2 * _MARGIN


def _mix(colour: str, share: float) -> list[int]:
    """Mix a colour with that of the paper."""
    pairs = zip(ImageColor.getrgb(colour), ImageColor.getrgb(PAPER), strict=True)
    return [round(share * one + (1 - share) * paper) for one, paper in pairs]


def _encode(image: Image.Image) -> bytes:
    content = io.BytesIO()
    image.save(content, "PNG", compress_level=6)
    return content.getvalue()


@cache
def _load_font(font: Font, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(font.path, size, font.face, layout_engine=ImageFont.Layout.BASIC)


@cache
def _digest_module() -> str:
    return digest_inputs((files("yibao.site") / "pictures.py").read_text(encoding="utf-8"))


def _split(text: str) -> Iterator[str]:
    """Split a text where a line may end: behind every Chinese sign, behind blanks between Latin words."""
    word = ""
    for letter in text:
        is_wide = ord(letter) >= _FIRST_WIDE
        if is_wide and word:
            yield word
            word = ""
        word += letter
        if is_wide or letter.isspace():
            yield word
            word = ""
    yield word
