"""The published tree: built beside the one that readers see, and put in its place in one step.

Two trees take turns. What is new is written into the one that is not shown, the two change places at once, and the
other follows by links: no reader sees half a file, or a link to a page that is not there yet.
Where the disk cannot exchange folders, files are replaced one by one, pages before what points to them.
A document whose inputs did not change is not made again, and a file whose bytes are the same is not written again, so
the work follows the change and not the archive. A file that we did not write is never lost: it stays, or is kept beside
the tree where a document of ours takes its place.
"""

import contextlib
import os
from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import orjson

from storage import folder_swap, manifest, readable, tree_files
from storage.manifest import Manifest
from storage.tree_files import document_of, names_of
from yibao.build_graph import Document, Items
from yibao.errors import YibaoError

_NOTHING: Items = MappingProxyType({})


class WriteCounts(NamedTuple):
    """What publishing did to the tree."""

    changed: int
    unchanged: int
    removed: int


def publish_tree(  # noqa: PLR0913  (where, what, made of what, and who is told)
    shown: "Tree",
    untold: Path,
    tree: Mapping[str, Document],
    tell: Callable[[Collection[str]], None] = lambda _paths: None,
    *,
    items: Items = _NOTHING,
    told_whole: Collection[str] = ("",),
    signature: str = "",
) -> WriteCounts:
    """Show readers these documents, under this signature, beside files that we never wrote.

    A document that somebody took away is made again; one that somebody changed is made again once its inputs change, or
    at once where the tree was checked. What a person should know is added to the tree's `notes`.

    Args:
        shown: the tree that readers see.
        untold: file that lists what has changed until `tell` was told: who is killed in between tells again.
        tree: documents by path.
        tell: is told the paths of documents that have changed.
        items: what the documents that changed are rendered from, by permanent name.
        told_whole: below paths that begin so, `tree` is all that there is; elsewhere what was published stays.
        signature: of all that is published.

    Raises:
        YibaoError: the folder beside the tree, in which we build, belongs to somebody else; nothing has changed.
    """
    spare_root = _find_spare(shown.root)
    wanted = _plan(shown, tree, told_whole, signature)
    changed, gone = shown.stale(tree), shown.documents.keys() - wanted.documents.keys()
    different: set[str] = set()
    if changed or gone or shown.is_checked:
        different, wanted = _update_spare(_open_spare(spare_root, shown), shown, tree, items, wanted)
        # What the spare tree still had is not made again.
        different |= (shown.damaged | shown.missing).intersection(changed) if shown.is_checked else set()
    if changed or gone:
        manifest.store_json(untold, sorted({*_read_paths(untold), *different}))
        replaced = _set_aside(shown, spare_root, wanted)
        _swap_trees(spare_root, shown, wanted, changed, gone | replaced)
    elif wanted._replace(looked_at=shown.manifest.looked_at) != shown.manifest:
        wanted.store(shown.root)
    pending = [path for path in _read_paths(untold) if path in wanted.documents]
    if pending:
        tell(pending)
    untold.unlink(missing_ok=True)
    return WriteCounts(len(different), len(wanted.documents) - len(different), len(gone))


class Tree:
    """A published tree, as it is when we look.

    Raises:
        YibaoError: there is a file where the folder is to be.
    """

    def __init__(self, root: Path) -> None:
        # A link stays a link: what it leads to is what changes places.
        self.root = root.resolve()
        if self.root.exists() and not self.root.is_dir():
            raise YibaoError(f"{root} is a file; the published tree is to be there. Move it elsewhere.")
        readable.make_folder(self.root)
        #: What a person should know.
        self.notes: list[str] = []
        #: Whether nobody knows who wrote what is here: there is a manifest that cannot be read.
        self.is_unknown = False
        self.manifest = self._load_manifest()
        self.documents = self.manifest.documents
        self.looked_at = _now(self.root)
        #: Documents whose bytes are not those that we wrote; known once the tree was checked.
        self.damaged: set[str] = set()
        self.is_checked = False
        folders = [_folder(path) for path in self.documents]
        looked_into, found = self._look({*folders, *map(_folder, self.manifest.others)})
        inside = {path for path, folder in zip(self.documents, folders, strict=True) if folder in looked_into}
        #: Documents that somebody took away.
        self.missing = inside - found
        names = {manifest.NAME, tree_files.PARTIAL, *(name for path in inside for name in names_of(path))}
        self.others = {path for path in self.manifest.others if _folder(path) not in looked_into} | (found - names)

    @property
    def signature(self) -> str | None:
        """The signature under which it was published; None before that, and where a file was taken away since."""
        return self.manifest.signature if not self.missing else None

    def stale(self, tree: Mapping[str, Document]) -> list[str]:
        """The paths of those of these documents that are not here, or otherwise."""
        return [path for path, one in tree.items() if not self.has(path, one.digest)]

    def has(self, path: str, digest: str) -> bool:
        """Whether it holds the document of this digest."""
        return self.documents.get(path) == digest and path not in self.missing and path not in self.damaged

    def is_sound(self, path: str) -> bool:
        """Whether the document's files are those that we wrote, as far as anybody looked."""
        return path in self.manifest.contents and path not in self.missing and path not in self.damaged

    def check(self, other: "Tree | None" = None) -> None:
        """Read every document and its compressed forms, and note in `damaged` those that are not what we wrote.

        Files that another tree shares, and that are as they should be there, are not read again.
        """
        for path in self.documents.keys() - self.missing:
            written = self.manifest.contents.get(path)
            is_known = other is not None and other.is_sound(path) and other.manifest.contents[path] == written
            if other is not None and is_known and tree_files.is_shared(self.root, other.root, path):
                continue
            if written is None or tree_files.fingerprint(tree_files.read_forms(self.root, path)) != written:
                self.damaged.add(path)
        self.is_checked = True

    def _load_manifest(self) -> Manifest:
        try:
            return Manifest.load(self.root)
        except ValueError as error:
            self.is_unknown = True
            self.notes.append(
                f"{self.root / manifest.NAME} is damaged ({error}); nothing is known of the tree, so everything is "
                "made again over what is there, and nothing is removed"
            )
            return Manifest({})

    def _look(self, folders: Iterable[str]) -> tuple[set[str], set[str]]:
        """Those of the folders, above and new ones that were changed since we last looked; and the files in them."""
        known = {"", *folders, *_above(folders)}
        looked_into, found = {folder for folder in known if self._is_changed(folder)}, set()
        pending = list(looked_into)
        while pending:
            folder = pending.pop()
            with contextlib.suppress(FileNotFoundError, NotADirectoryError), os.scandir(self.root / folder) as entries:
                for one in entries:
                    path = f"{folder}/{one.name}" if folder else one.name
                    if not one.is_dir(follow_symlinks=False):
                        found.add(path)
                    elif path not in known:
                        looked_into.add(path)
                        pending.append(path)
        return looked_into, found

    def _is_changed(self, folder: str) -> bool:
        # A folder's time moves whenever a file in it comes or goes.
        try:
            return os.stat(f"{self.root}/{folder}").st_mtime_ns >= self.manifest.looked_at  # noqa: PTH116  (many)
        except (FileNotFoundError, NotADirectoryError):
            return True


def _plan(shown: Tree, tree: Mapping[str, Document], told_whole: Collection[str], signature: str) -> Manifest:
    """What the tree is to hold, with the digests of the bytes that are known by now."""
    documents = {path: shown.documents[path] for path in shown.documents.keys() - _below(shown.documents, told_whole)}
    documents |= {path: one.digest for path, one in tree.items()}
    contents = {path: one for path, one in shown.manifest.contents.items() if path in documents}
    others = shown.others - _in_the_way(shown.others, documents)
    return Manifest(documents, sorted(others), signature, shown.looked_at, contents)


def _find_spare(root: Path) -> Path:
    """The folder beside the tree in which the next one is built; it need not exist.

    Raises:
        YibaoError: there is something that we did not write.
    """
    spare = root.with_name(f"{root.name}.next")
    is_ours = not os.path.lexists(spare)
    if spare.is_dir():
        names = {one.name for one in spare.iterdir()}
        is_ours = manifest.NAME in names or names <= {tree_files.PARTIAL}
    if not is_ours:
        raise YibaoError(
            f"{spare} is not Yibao's, which builds the next tree under this name. Nothing was published or changed "
            "there. Move it elsewhere, or name another folder in paths.public."
        )
    return spare


def _open_spare(root: Path, shown: Tree) -> Tree:
    spare = Tree(root)
    shown.notes += spare.notes
    if shown.is_checked:
        spare.check(shown)
    return spare


def _below(paths: Iterable[str], starts: Iterable[str]) -> set[str]:
    """Those of the paths that begin so."""
    ordered = sorted(paths)
    found: set[str] = set()
    for start in starts:
        place = bisect_left(ordered, start)
        while place < len(ordered) and ordered[place].startswith(start):
            found.add(ordered[place])
            place += 1
    return found


def _folder(path: str) -> str:
    return path.rpartition("/")[0]


def _above(paths: Iterable[str]) -> set[str]:
    """Every folder above these paths, within the tree."""
    found: set[str] = set()
    for path in paths:
        above = _folder(path)
        while above and above not in found:
            found.add(above)
            above = _folder(above)
    return found


def _in_the_way(others: Collection[str], documents: Mapping[str, str]) -> set[str]:
    """Those of the others' files that stand where a document, its compressed form or its folder is to be."""
    folders = _above(documents) if others else set()
    return {
        path
        for path in others
        if path in folders or document_of(path) in documents or any(one in documents for one in _above([path]))
    }


def _now(root: Path) -> int:
    """The clock of the disk that the tree is on."""
    probe = root / tree_files.PARTIAL
    probe.write_bytes(b"")
    now = probe.stat().st_mtime_ns
    probe.unlink()
    return now


def _update_spare(
    spare: Tree, shown: Tree, tree: Mapping[str, Document], items: Items, wanted: Manifest
) -> tuple[set[str], Manifest]:
    """Make the spare tree what shall be shown.

    Returns:
        The paths whose bytes differ from what is shown now, and the manifest with the digests of all bytes.
    """
    stale = [path for path, digest in wanted.documents.items() if not spare.has(path, digest)]
    # Listed before they are written: a kill in between leaves no file that nobody knows, and none taken for done.
    spare.manifest.doubted(stale).store(spare.root)
    unexpected = {path for path in spare.others - {*spare.manifest.others} if not (shown.root / path).exists()}
    shown.notes += tree_files.set_aside(spare.root, unexpected, _aside(shown))
    for path in (spare.documents.keys() - wanted.documents.keys()) | (spare.others - {*wanted.others}):
        tree_files.remove(spare.root, path)
    for path in wanted.others:
        tree_files.link(shown.root / path, spare.root / path)
    different, contents = set(), {**wanted.contents}
    for path in stale:
        if shown.has(path, wanted.documents[path]):
            tree_files.link_all(shown.root, spare.root, path)
            continue
        is_different, contents[path] = _make(shown, spare.root, path, tree[path].render(items))
        different |= {path} if is_different else set()
    wanted = wanted._replace(contents=contents)
    # Until it is shown, nobody but us does anything here.
    wanted._replace(looked_at=_now(spare.root)).store(spare.root)
    return different, wanted


def _make(shown: Tree, spare: Path, path: str, content: bytes) -> tuple[bool, str]:
    """Put a document into the spare tree; returns whether it differs from what is shown, and its fingerprint."""
    is_same = tree_files.has_bytes(shown.root / path, content)
    if is_same and shown.is_sound(path):
        tree_files.link_all(shown.root, spare, path)
        return False, shown.manifest.contents[path]
    forms = tree_files.forms_of(path, content)
    is_different = False
    for name in names_of(path):
        if name not in forms:
            (spare / name).unlink(missing_ok=True)
        elif is_same and tree_files.has_bytes(shown.root / name, forms[name]):
            tree_files.link(shown.root / name, spare / name)
        else:
            is_different = True
            tree_files.write(spare, name, forms[name])
    return is_different, tree_files.fingerprint(forms)


def _aside(shown: Tree) -> Path:
    return shown.root.with_name(f"{shown.root.name}.aside")


def _set_aside(shown: Tree, spare: Path, wanted: Manifest) -> set[str]:
    """Keep files of others in whose place something of ours is shown from now on; returns their paths."""
    replaced = shown.others - {*wanted.others}
    lost = {
        path
        for path in replaced
        # Who wrote it, nobody knows: it was made again.
        if not (shown.is_unknown and document_of(path) in wanted.documents)
        and not ((spare / path).is_file() and tree_files.has_bytes(shown.root / path, (spare / path).read_bytes()))
    }
    shown.notes += tree_files.set_aside(shown.root, lost, _aside(shown))
    return replaced


def _swap_trees(spare: Path, shown: Tree, wanted: Manifest, changed: Sequence[str], gone: Collection[str]) -> None:
    """Readers see the spare tree in place of the shown one, which then holds the same files."""
    if not (shown.root / manifest.NAME).exists():
        # So that it is known as ours under the other name.
        Manifest({}, sorted(shown.others)).store(shown.root)
    try:
        folder_swap.swap_folders(spare.resolve(), shown.root)
    except OSError:
        _replace_files(spare, shown, wanted, changed, gone)
        return
    # What was shown until now is the spare tree. A kill in here costs the next publication some links.
    wanted = _take_along(spare, shown, wanted)
    shown.manifest.doubted(changed).store(spare)
    _remove_all(spare, gone)
    for path in changed:
        tree_files.link_all(shown.root, spare, path)
    wanted.store(spare)


def _take_along(before: Path, shown: Tree, wanted: Manifest) -> Manifest:
    """Keep what others put into the tree while we built the next one; returns the manifest with it."""
    late = Tree(before).others - shown.others
    in_the_way = _in_the_way(late, wanted.documents)
    shown.notes += tree_files.set_aside(before, in_the_way, _aside(shown))
    _remove_all(before, in_the_way)
    for path in late - in_the_way:
        tree_files.link(before / path, shown.root / path)
    if late - in_the_way:
        wanted = wanted._replace(others=sorted({*wanted.others, *late} - in_the_way))
        wanted.store(shown.root)
    return wanted


def _replace_files(spare: Path, shown: Tree, wanted: Manifest, changed: Sequence[str], gone: Collection[str]) -> None:
    """The shown tree is what the spare one is, file by file; each is whole at every moment."""
    in_the_way = _in_the_way(Tree(shown.root).others - shown.others, wanted.documents)
    shown.notes += tree_files.set_aside(shown.root, in_the_way, _aside(shown))
    # As in the spare tree: who is killed in here takes no new bytes for the old ones.
    shown.manifest.doubted(changed).store(shown.root)
    _remove_all(shown.root, {path for path in (*gone, *in_the_way) if document_of(path) not in wanted.documents})
    # Deepest first: papers, then editions and feeds, then the front page.
    for path in sorted(changed, key=lambda path: (-path.count("/"), path)):
        for name in names_of(path):
            if (spare / name).exists():
                tree_files.write(shown.root, name, (spare / name).read_bytes())
            else:
                (shown.root / name).unlink(missing_ok=True)
    wanted.store(shown.root)


def _remove_all(root: Path, paths: Iterable[str]) -> None:
    for path in paths:
        tree_files.remove(root, path)


def _read_paths(path: Path) -> list[str]:
    """The paths in a list that we left; none where it is damaged, since nobody knows more."""
    try:
        values = orjson.loads(path.read_bytes())
    except (FileNotFoundError, orjson.JSONDecodeError):
        return []
    return [one for one in values if isinstance(one, str)] if isinstance(values, list) else []
