"""Reads the source as text and syntax, so that pages about it cannot say what it does not."""

import ast
import re
from collections.abc import Iterator, Sequence
from enum import StrEnum
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Final

import attrs

ROOT: Final = Path(__file__).parents[2]
SRC: Final = ROOT / "src"
TESTS: Final = ROOT / "tests"
_CODE: Final = re.compile(r"[a-z]+(_[a-z0-9]+)*")
_RULES: Final = re.compile(r"^\s*rules: (.+)$", re.MULTILINE)


@attrs.frozen
class Raised:
    """A stable code as the source spells it: by which error class, in which module."""

    code: str
    error: str
    module: str


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), str(path))


def modules(folder: Path) -> Sequence[Path]:
    return sorted(path for path in folder.rglob("*.py") if "__pycache__" not in path.parts)


def first_line(path: Path) -> str:
    """The first sentence of a module's docstring, without its full stop."""
    return (ast.get_docstring(tree_of(path)) or "").split("\n")[0].rstrip(".")


def errors() -> dict[str, str]:
    """Every error class by name, with the class of `kernel/errors.py` that it descends from."""
    bases = {
        node.name: node.bases[0].id
        for path in modules(SRC)
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.ClassDef) and node.bases and isinstance(node.bases[0], ast.Name)
    }
    kernel = {node.name for node in tree_of(SRC / "cbc_domain/kernel/errors.py").body if isinstance(node, ast.ClassDef)}
    found = {}
    for name in bases:
        kind = name
        while kind in bases and kind not in kernel:
            kind = bases[kind]
        if kind in kernel - {"FieldFault"}:
            found[name] = kind
    return found


def raised() -> Iterator[Raised]:
    """Every code that the source gives to an error, also where a class of its own fixes it."""
    known = {**errors(), "FieldFault": "FieldFault", "DomainError": "DomainError"}
    for path in modules(SRC):
        module = path.relative_to(SRC).as_posix()
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.ClassDef) and node.name in known:
                yield from (Raised(code, node.name, module) for code in _fixed_codes(node))
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in known:
                place = 2 if node.func.id == "FieldFault" else 0
                yield from (Raised(code, node.func.id, module) for code in _codes(node.args[place : place + 1]))


def told_of_members(path: Path, enum: str) -> dict[str, str]:
    """What the text under each member of an enum says; KeyError for whoever asks for one that says nothing."""
    (found,) = [node for node in tree_of(path).body if isinstance(node, ast.ClassDef) and node.name == enum]
    told = {}
    for member, text in pairwise(found.body):
        if isinstance(member, ast.Assign) and isinstance(member.targets[0], ast.Name) and isinstance(text, ast.Expr):
            told[member.targets[0].id] = " ".join(str(ast.literal_eval(text.value)).split())
    return told


def uses(member: StrEnum, folder: Path, but: Path) -> Sequence[str]:
    """The modules of a folder, without one, that name a member of an enum, or its value as text."""
    pattern = re.compile(rf'\b{type(member).__name__}\.{member.name}\b|"{member.value}"')
    return [path.relative_to(SRC).as_posix() for path in modules(folder) if path != but and pattern.search(path.read_text())]


def rules() -> dict[str, set[str]]:
    """Rule -> files with a test whose docstring names it."""
    named: dict[str, set[str]] = {}
    for path in modules(TESTS):
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                for rule in _rules(ast.get_docstring(node) or ""):
                    named.setdefault(rule, set()).add(path.relative_to(ROOT).as_posix())
    return named


def _rules(docstring: str) -> Iterator[str]:
    for line in _RULES.findall(docstring):
        yield from (rule.strip() for rule in line.split(","))


def _fixed_codes(node: ast.ClassDef) -> Iterator[str]:
    for call in ast.walk(node):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "__init__":
            yield from _codes(call.args[:1])


def _codes(arguments: Sequence[ast.expr]) -> Iterator[str]:
    for argument in arguments:
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str) and _CODE.fullmatch(argument.value):
            yield argument.value
