"""The font with which pictures of papers and editions are drawn: the operator's, or one of this machine."""

import hashlib
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from yibao import chinese_scripts
from yibao.settings import Settings
from yibao.site.pictures import Font, list_faces

#: Where systems keep a font with all Chinese letters; headlines are set in Song where there is one.
_PLACES = (
    "/usr/share/fonts/opentype/noto/NotoSerifCJK-Bold.ttc",
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Bold.ttc",
    "/usr/share/fonts/noto-cjk/NotoSerifCJK-Bold.ttc",
    "/usr/share/fonts/noto-cjk/NotoSansCJK-Bold.ttc",
    "/usr/share/fonts/google-noto-serif-cjk-vf-fonts/NotoSerifCJK-VF.ttc",
    "/usr/share/fonts/google-noto-sans-cjk-vf-fonts/NotoSansCJK-VF.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc",
    "/System/Library/Fonts/Supplemental/Songti.ttc",
    "/System/Library/Fonts/PingFang.ttc",
)


def find_font(settings: Settings, places: Iterable[str] = _PLACES) -> Font | None:
    """Find the font for pictures; None where they are switched off, or this machine has none with Chinese letters."""
    if not settings.site.pictures:
        return None
    chosen = settings.paths.picture_font
    found = [path for path in ([chosen] if chosen else map(Path, places)) if path.is_file()]
    if not found:
        return None
    script = "TC" if chinese_scripts.is_traditional(settings.site.language) else "SC"
    return _read_font(found[0], found[0].stat().st_mtime_ns, script)


@lru_cache(maxsize=4)
def _read_font(path: Path, _modified_ns: int, script: str) -> Font:
    faces = list_faces(path)
    face = next((number for number, name in enumerate(faces) if script in name.split()), 0)
    return Font(path, hashlib.blake2b(path.read_bytes(), digest_size=16).hexdigest(), face)
