"""A contract of import-linter: the modules of a room import what is listed, and nothing else.

A list of what is forbidden says nothing of the library that somebody adds next year.
"""

import sys
from copy import deepcopy
from functools import lru_cache
from pathlib import Path

import grimp
from grimp import ImportGraph
from importlinter import Contract, ContractCheck, configuration, fields, output
from importlinter.application import use_cases
from importlinter.domain.contract import registry

#: Modules of the standard library that open a door to the world; the others are free.
DOORS = {
    *("ftplib", "http", "imaplib", "multiprocessing", "os", "poplib", "smtplib", "socket", "socketserver", "sqlite3"),
    *("ssl", "subprocess", "tempfile", "time", "urllib", "xml"),
}


class AllowListContract(Contract):
    """Modules of `room`, apart from those of `except_rooms`, import only each other and what `allowed` names."""

    type_name = "allow_list"

    room = fields.StringField()
    except_rooms = fields.ListField(subfield=fields.StringField(), required=False, default=[])
    allowed = fields.ListField(subfield=fields.StringField())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        strangers = sorted(
            f"{module} imports {imported}"
            for module in graph.modules
            if _is_within(module, [self.room]) and not _is_within(module, self.except_rooms)
            for imported in graph.find_modules_directly_imported_by(module)
            if not self._is_allowed(imported)
        )
        return ContractCheck(kept=not strangers, metadata={"strangers": strangers})

    def _is_allowed(self, imported: str) -> bool:
        if _is_within(imported, self.allowed):
            return True
        if _is_within(imported, [self.room]):
            return not _is_within(imported, self.except_rooms)
        top = imported.partition(".")[0]
        return top in sys.stdlib_module_names and top not in DOORS

    def render_broken_contract(self, check: ContractCheck) -> None:
        for line in check.metadata["strangers"]:
            output.print_error(f"- {line}")


def _is_within(module: str, rooms: list[str]) -> bool:
    return any(module == room or module.startswith(f"{room}.") for room in rooms)


def find_broken(pyproject: Path, importer: str, imported: str) -> set[str]:
    """The names of the contracts that this import would break."""
    graph = deepcopy(_read_imports())
    top = imported.partition(".")[0]
    name = imported if top in ("commands", "flows", "storage", "yibao") else top
    graph.add_import(importer=importer, imported=name)
    configuration.configure()
    options = use_cases.read_user_options(config_filename=str(pyproject))
    use_cases._register_contract_types(options)
    contracts = [
        registry.get_contract_class(given["type"])(given["name"], options.session_options, given)
        for given in options.contracts_options
    ]
    return {contract.name for contract in contracts if not contract.check(deepcopy(graph), verbose=False).kept}


@lru_cache(maxsize=1)
def _read_imports() -> ImportGraph:
    return grimp.build_graph("commands", "flows", "storage", "yibao", include_external_packages=True, cache_dir=None)
