"""Who makes journals and who posts them, found in the syntax tree (LED-08)."""

import ast
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Final

MAKES: Final = ("cbc_domain/ledger/", "cbc_adapters/persistence/postgres/rows/ledger.py")
"""The named flows, and the one place that reads journals back."""
POSTS: Final = ("cbc_domain/application/money/", "cbc_adapters/persistence/")
"""The Financial Manager, and the adapters that keep his books."""
PARTS: Final = frozenset({"Entry", "Journal"})
MAKING: Final = frozenset({"credited", "debited", "draft"})
MAKERS: Final = "cbc_domain.ledger.entries"
BOOKS: Final = frozenset({"books", "teller"})


def free_postings(source: str, module: str) -> list[str]:
    """Name every line of a module, given by its path under `src`, that makes entries or posts where it may not."""
    makes, posts = (_is_under(module, places) for places in (MAKES, POSTS))
    return [
        f"{getattr(node, 'lineno', 0)}: {fault}"
        for node in ast.walk(ast.parse(source))
        for fault in _faults(node, makes=makes, posts=posts)
    ]


def _faults(node: ast.AST, *, makes: bool, posts: bool) -> Iterator[str]:
    match node:
        case ast.Call(func=ast.Name(id=name)) if name in PARTS and not makes:
            yield f"makes {name}"
        case ast.ImportFrom(module=str(home), names=names) if home == MAKERS and not makes:
            yield from (f"imports {each.name}" for each in names if each.name in MAKING)
        case ast.Call(func=ast.Attribute(attr="post", value=value)) if not posts and _is_books(value):
            yield "posts"


def _is_books(value: ast.expr) -> bool:
    match value:
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name.lstrip("_") in BOOKS
        case _:
            return False


def _is_under(module: str, places: tuple[str, ...]) -> bool:
    return PurePosixPath(module).as_posix().startswith(places)
