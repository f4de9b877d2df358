"""What a module of the domain may not contain, found in its syntax tree."""

import ast
import sys
from collections.abc import Iterator
from typing import Final

FORBIDDEN_CALLS: Final = frozenset({"breakpoint", "eval", "exec", "input", "open", "print", "round"})
OUTSIDE: Final = frozenset({"asyncio", "io", "logging", "os", "pathlib", "random", "secrets", "shutil", "socket", "sqlite3"})
OUTSIDE_TOO: Final = frozenset({"subprocess", "tempfile", "threading", "time", "urllib"})
ALLOWED_ROOTS: Final = (sys.stdlib_module_names - OUTSIDE - OUTSIDE_TOO) | {"attrs", "cbc_domain"}
ASYNC: Final = (ast.AsyncFunctionDef, ast.AsyncFor, ast.AsyncWith, ast.Await)


def impurities(source: str, *, may_wait: bool) -> list[str]:
    """Name every impurity as `line: what`; `may_wait` is for use cases and ports, which are asynchronous."""
    return [
        f"{getattr(node, 'lineno', 0)}: {fault}" for node in ast.walk(ast.parse(source)) for fault in _faults(node, may_wait)
    ]


def _faults(node: ast.AST, may_wait: bool) -> Iterator[str]:
    match node:
        case ast.Constant(value=float() | complex() as number):
            yield f"the float {number}"
        case ast.Call(func=ast.Name(id=name)) if name in FORBIDDEN_CALLS:
            yield f"a call of {name}"
        case ast.Name(id="float"):
            yield "the type float"
        case ast.Import(names=names):
            yield from (f"an import of {each.name}" for each in names if _root(each.name) not in ALLOWED_ROOTS)
        case ast.ImportFrom(module=str(module)) if _root(module) not in ALLOWED_ROOTS:
            yield f"an import of {module}"
        case ast.ImportFrom(module="typing", names=names) if any(each.name == "Any" for each in names):
            yield "the type Any"
        case _ if isinstance(node, ASYNC) and not may_wait:
            yield "something asynchronous"


def _root(module: str) -> str:
    return module.split(".", 1)[0]
