"""What all benchmarks let a person choose, and the peers that they may lack."""

import argparse
import shutil
import subprocess
from collections.abc import Callable
from typing import Any


def parser(description: str | None) -> argparse.ArgumentParser:
    """Make a parser that knows `--small`."""
    argument_parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    argument_parser.add_argument(
        "--small", action="store_true", help="a few seconds, to see that it runs; its figures say nothing"
    )
    return argument_parser


def is_installed(python: str | None, module: str) -> bool:
    """Whether this Python can import a peer; says so where it cannot."""
    if python is None:
        print(f"  {module}: not measured; name a Python that has it with --peers", flush=True)
        return False
    has_module = shutil.which(python) is not None
    has_module = (
        has_module
        and not subprocess.run([python, "-c", f"import {module}"], capture_output=True, check=False).returncode
    )
    if not has_module:
        print(f"  {module}: not measured; {python} does not have it (see peers.txt)", flush=True)
    return has_module


def without_prefect() -> None:
    """Call every flow and task of this process, from now on, as the plain function that it wraps."""
    from prefect import Flow, Task  # noqa: PLC0415  (Prefect reads its settings when it is imported)
    from prefect.artifacts import Artifact  # noqa: PLC0415
    from prefect.states import Completed  # noqa: PLC0415

    def call_task(task: Any, *given: Any, **named: Any) -> Any:
        return task.fn(*given, **named)

    def call_flow(flow: Any, *given: Any, return_state: bool = False, **named: Any) -> Any:
        result = flow.fn(*given, **named)
        return (result or Completed()) if return_state else result

    def create_nothing(*_given: Any, **_named: Any) -> Any:
        return argparse.Namespace(id=None)

    replaced: dict[type, dict[str, Callable[..., Any]]] = {
        Task: {"__call__": call_task},
        Flow: {"__call__": call_flow},
        Artifact: {"create": create_nothing},
    }
    for owner, methods in replaced.items():
        for name, method in methods.items():
            setattr(owner, name, method)
