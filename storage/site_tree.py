"""The published tree: built beside the one that readers see, and put in its place in one step.

Two trees take turns. What is new is written into the one that is not shown, the two change places at once, and the
other follows by links: no reader sees half a file, or a link to a page that is not there yet.
Where the disk cannot exchange folders, files are replaced one by one, pages before what points to them.
A document whose inputs did not change is not made again, and a file whose bytes are the same is not written again, so
the work follows the change and not the archive. A file that we did not write is never lost: it stays, or is kept beside
the tree where a document of ours takes its place.
"""

import os
from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import orjson

from storage import carried_files, folder_swap, manifest, tree_files
from storage.manifest import Manifest
from storage.tree_files import find_document, list_names
from storage.tree_state import Tree, check_tree, find_folders_above, read_disk_clock, read_tree
from yibao.build_graph import Document, Items
from yibao.errors import YibaoError

_NOTHING: Items = MappingProxyType({})


class WriteCounts(NamedTuple):
    """How many documents publishing changed, left as they were and removed."""

    changed: int
    unchanged: int
    removed: int


class Publication(NamedTuple):
    """What publishing did to the tree, and what a person should know of it."""

    counts: WriteCounts
    notes: tuple[str, ...] = ()


class _SpareUpdate(NamedTuple):
    """What the spare tree holds after it was brought up to date."""

    #: Paths whose bytes differ from what readers see now.
    different: set[str]
    #: The manifest, with the digests of all bytes.
    manifest: Manifest
    notes: list[str]


def publish_tree(  # noqa: PLR0913  (where, what, made of what, and who is told)
    shown: Tree,
    hub_queue: Path,
    tree: Mapping[str, Document],
    notify: Callable[[Collection[str]], None] = lambda _paths: None,
    *,
    items: Items = _NOTHING,
    whole_below: Collection[str] = ("",),
    signature: str = "",
) -> Publication:
    """Show readers these documents, under this signature, beside files that we never wrote.

    A document that somebody took away is made again; one that somebody changed is made again once its inputs change, or
    at once where the tree was checked.

    Args:
        shown: the tree that readers see.
        hub_queue: file that lists what has changed until `notify` has returned: who is killed in between tells again.
        tree: documents by path.
        notify: is called with the paths of documents that have changed.
        items: what the documents that changed are rendered from, by permanent name.
        whole_below: below paths that begin so, `tree` is all that there is; elsewhere what was published stays.
        signature: of all that is published.

    Raises:
        YibaoError: the folder beside the tree, in which we build, belongs to somebody else; nothing has changed.
    """
    spare_root = _find_spare(shown.root)
    target = _plan(shown, tree, whole_below, signature)
    changed, removed = shown.find_stale(tree), shown.documents.keys() - target.documents.keys()
    different: set[str] = set()
    notes = [*shown.notes]
    if changed or removed or shown.is_checked:
        different, target, spare_notes = _update_spare(_open_spare(spare_root, shown), shown, tree, items, target)
        notes += spare_notes
        # What the spare tree still had is not made again.
        different |= (shown.damaged | shown.missing).intersection(changed) if shown.is_checked else set()
    if changed or removed:
        manifest.store_json(hub_queue, sorted({*_read_paths(hub_queue), *different}))
        replaced, replaced_notes = _set_aside(shown, spare_root, target)
        notes += replaced_notes + _swap_trees(spare_root, shown, target, changed, removed | replaced)
    elif target._replace(looked_at=shown.manifest.looked_at) != shown.manifest:
        target.store(shown.root)
    _empty_queue(hub_queue, target.documents, notify)
    return Publication(WriteCounts(len(different), len(target.documents) - len(different), len(removed)), tuple(notes))


def _empty_queue(queue: Path, documents: Mapping[str, str], notify: Callable[[Collection[str]], None]) -> None:
    """Notify of the paths in the queue that are published now, and remove it."""
    pending = [path for path in _read_paths(queue) if path in documents]
    if pending:
        notify(pending)
    queue.unlink(missing_ok=True)


def _plan(shown: Tree, tree: Mapping[str, Document], whole_below: Collection[str], signature: str) -> Manifest:
    """Plan what the tree is to hold, with the digests of the bytes that are known by now."""
    kept = shown.documents.keys() - _find_below(shown.documents, whole_below)
    documents = {path: shown.documents[path] for path in kept}
    documents |= {path: document.digest for path, document in tree.items()}
    contents = {path: content for path, content in shown.manifest.contents.items() if path in documents}
    others = shown.others - _find_in_the_way(shown.others, documents)
    return Manifest(documents, sorted(others), signature, shown.looked_at, contents)


def _find_spare(root: Path) -> Path:
    """Find the folder beside the tree in which the next one is built; it need not exist.

    Raises:
        YibaoError: there is something that we did not write.
    """
    spare = root.with_name(f"{root.name}.next")
    is_ours = not os.path.lexists(spare)
    if spare.is_dir():
        names = {child.name for child in spare.iterdir()}
        is_ours = manifest.NAME in names or names <= {tree_files.PARTIAL}
    if not is_ours:
        raise YibaoError(
            f"{spare} is not Yibao's, which builds the next tree under this name. Nothing was published or changed "
            "there. Move it elsewhere, or name another folder in paths.public."
        )
    return spare


def _open_spare(root: Path, shown: Tree) -> Tree:
    spare = read_tree(root)
    return check_tree(spare, shown) if shown.is_checked else spare


def _find_below(paths: Iterable[str], starts: Iterable[str]) -> set[str]:
    """Find the paths that begin with one of `starts`."""
    ordered = sorted(paths)
    below: set[str] = set()
    for start in starts:
        place = bisect_left(ordered, start)
        while place < len(ordered) and ordered[place].startswith(start):
            below.add(ordered[place])
            place += 1
    return below


def _find_in_the_way(others: Collection[str], documents: Mapping[str, str]) -> set[str]:
    """Find those of the others' files that stand where a document, its compressed form or its folder is to be."""
    folders = find_folders_above(documents) if others else set()
    return {
        path
        for path in others
        if path in folders
        or find_document(path) in documents
        or any(folder in documents for folder in find_folders_above([path]))
    }


def _update_spare(
    spare: Tree, shown: Tree, tree: Mapping[str, Document], items: Items, target: Manifest
) -> _SpareUpdate:
    """Make the spare tree what shall be shown."""
    stale = [path for path, digest in target.documents.items() if not spare.has(path, digest)]
    # Listed before they are written: a kill in between leaves no file that nobody knows, and none taken for done.
    spare.manifest.mark_unknown(stale).store(spare.root)
    notes = [*spare.notes, *_update_others(spare, shown, target)]
    carried_files.carry_along(shown.root, spare.root)
    different, contents = set(), {**target.contents}
    for path in stale:
        if shown.has(path, target.documents[path]):
            tree_files.link_document(shown.root, spare.root, path)
            continue
        is_different, contents[path] = _write_document(shown, spare.root, path, tree[path].render(items))
        different |= {path} if is_different else set()
    target = target._replace(contents=contents)
    # Until it is shown, nobody but us does anything here.
    target._replace(looked_at=read_disk_clock(spare.root)).store(spare.root)
    return _SpareUpdate(different, target, notes)


def _update_others(spare: Tree, shown: Tree, target: Manifest) -> list[str]:
    """Remove from the spare tree what shall not be shown, and link the files of others into it; returns notes."""
    unexpected = {path for path in spare.others - {*spare.manifest.others} if not (shown.root / path).exists()}
    notes = tree_files.set_aside(spare.root, unexpected, _aside_folder(shown))
    _remove_all(spare.root, (spare.documents.keys() - target.documents.keys()) | (spare.others - {*target.others}))
    for path in target.others:
        tree_files.link_file(shown.root / path, spare.root / path)
    return notes


def _write_document(shown: Tree, spare: Path, path: str, content: bytes) -> tuple[bool, str]:
    """Put a document into the spare tree; returns whether it differs from what is shown, and its fingerprint."""
    is_same = tree_files.has_bytes(shown.root / path, content)
    if is_same and shown.is_sound(path):
        tree_files.link_document(shown.root, spare, path)
        return False, shown.manifest.contents[path]
    forms = tree_files.make_forms(path, content)
    is_different = False
    for name in list_names(path):
        if name not in forms:
            (spare / name).unlink(missing_ok=True)
        elif is_same and tree_files.has_bytes(shown.root / name, forms[name]):
            tree_files.link_file(shown.root / name, spare / name)
        else:
            is_different = True
            tree_files.write_file(spare, name, forms[name])
    return is_different, tree_files.digest_forms(forms)


def _aside_folder(shown: Tree) -> Path:
    return shown.root.with_name(f"{shown.root.name}.aside")


def _set_aside(shown: Tree, spare: Path, target: Manifest) -> tuple[set[str], list[str]]:
    """Keep files of others whose place a document of ours takes from now on; returns their paths, and notes."""
    replaced = set(shown.others - {*target.others})
    lost = {
        path
        for path in replaced
        # Who wrote it, nobody knows: it was made again.
        if not (shown.is_unknown and find_document(path) in target.documents)
        and not ((spare / path).is_file() and tree_files.has_bytes(shown.root / path, (spare / path).read_bytes()))
    }
    return replaced, tree_files.set_aside(shown.root, lost, _aside_folder(shown))


def _swap_trees(
    spare: Path, shown: Tree, target: Manifest, changed: Sequence[str], removed: Collection[str]
) -> list[str]:
    """Show readers the spare tree in place of the shown one, which then holds the same files; returns notes."""
    if not (shown.root / manifest.NAME).exists():
        # So that it is known as ours under the other name.
        Manifest({}, sorted(shown.others)).store(shown.root)
    try:
        folder_swap.swap_folders(spare.resolve(), shown.root)
    except OSError:
        return _replace_files(spare, shown, target, changed, removed)
    # What was shown until now is the spare tree. A kill in here costs the next publication some links.
    target, notes = _take_along(spare, shown, target)
    shown.manifest.mark_unknown(changed).store(spare)
    _remove_all(spare, removed)
    for path in changed:
        tree_files.link_document(shown.root, spare, path)
    target.store(spare)
    return notes


def _take_along(before: Path, shown: Tree, target: Manifest) -> tuple[Manifest, list[str]]:
    """Keep what others put into the tree while we built the next one; returns the manifest with it, and notes."""
    late = read_tree(before).others - shown.others
    in_the_way = _find_in_the_way(late, target.documents)
    notes = tree_files.set_aside(before, in_the_way, _aside_folder(shown))
    _remove_all(before, in_the_way)
    for path in late - in_the_way:
        tree_files.link_file(before / path, shown.root / path)
    if late - in_the_way:
        target = target._replace(others=sorted({*target.others, *late} - in_the_way))
        target.store(shown.root)
    return target, notes


def _replace_files(
    spare: Path, shown: Tree, target: Manifest, changed: Sequence[str], removed: Collection[str]
) -> list[str]:
    """Make the shown tree what the spare one is, file by file, each whole at every moment; returns notes."""
    in_the_way = _find_in_the_way(read_tree(shown.root).others - shown.others, target.documents)
    notes = tree_files.set_aside(shown.root, in_the_way, _aside_folder(shown))
    # As in the spare tree: who is killed in here takes no new bytes for the old ones.
    shown.manifest.mark_unknown(changed).store(shown.root)
    _remove_all(shown.root, {path for path in (*removed, *in_the_way) if find_document(path) not in target.documents})
    # Deepest first: papers, then editions and feeds, then the front page.
    for path in sorted(changed, key=lambda path: (-path.count("/"), path)):
        for name in list_names(path):
            if (spare / name).exists():
                tree_files.write_file(shown.root, name, (spare / name).read_bytes())
            else:
                (shown.root / name).unlink(missing_ok=True)
    target.store(shown.root)
    return notes


def _remove_all(root: Path, paths: Iterable[str]) -> None:
    for path in paths:
        tree_files.remove_document(root, path)


def _read_paths(path: Path) -> list[str]:
    """Read a list of paths that we left; none where it is damaged, since nobody knows more."""
    try:
        values = orjson.loads(path.read_bytes())
    except (FileNotFoundError, orjson.JSONDecodeError):
        return []
    return [path for path in values if isinstance(path, str)] if isinstance(values, list) else []
