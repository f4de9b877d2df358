"""The pages of docs/reference, each a function of the source."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import StrEnum
from itertools import groupby
from pathlib import Path
from typing import Final

from cbc_domain.application.trading.desk import BARRED, PASSING
from cbc_domain.kernel import errors as kernel
from cbc_domain.market.model import MarketCode
from cbc_domain.ports.venue_faults import Fault
from cbc_domain.risk.keys import KeyRefusal
from cbc_domain.risk.model import LiveGate, Reason
from cbc_entrypoints.cli.endings import exit_code
from cbc_entrypoints.http.problems import status_of
from cbc_entrypoints.variables import VARIABLES
from tests.documents import proved, source

REFERENCE: Final = source.ROOT / "docs" / "reference"
NOTE: Final = "Generated from the source by `python -m tests.documents`; do not edit.\n"
DOMAIN: Final = source.SRC / "cbc_domain"
LAUNCHERS: Final = frozenset({"embedded"})
"""Folders that start what an adapter needs and are none themselves."""


def error_codes() -> str:
    """Every stable code, with the answers that carry it."""
    kinds, rows = source.errors(), []
    found = sorted(source.raised(), key=lambda one: one.code)
    for code, group in groupby(found, key=lambda one: one.code):
        places = list(group)
        classes = {one.error for one in places}
        if classes == {"FieldFault"}:
            answers = ("422, in `errors`", "2")
        else:
            kind = getattr(kernel, kinds.get(next(iter(sorted(classes - {"FieldFault"}))), "DomainError"))
            fault = kernel.DomainError.__new__(kind)
            fault.code, fault.detail = code, ""
            answers = (str(status_of(fault)), str(exit_code(fault)))
        rows.append((f"`{code}`", *answers, _listed({one.module for one in places})))
    return _page(
        "Error codes",
        "Every refusal of the API and of the command line carries a stable `code`: texts may change, codes do not. "
        "The API answers `application/problem+json` with the status here; `cbc` prints one line and exits with the code here.",
        _table(("code", "HTTP", "cbc", "said by"), rows),
    )


def refusals() -> str:
    """Every reason why an alert did not become somebody's position."""
    model = DOMAIN / "risk" / "model.py"
    market = DOMAIN / "market" / "model.py"
    return _page(
        "Refusals",
        "An alert that opens positions is decided for each member, and every reason against it is kept, not only the "
        "first. `GET /api/trading/signals/{id}` shows a member his own; `cbc explain` counts them all.",
        "## Reasons of a decision",
        _table(("code", "judged in"), _members(Reason, model)),
        "## Gates of live trading",
        "`mode_not_available` names the gates that fail.",
        _table(("code", "judged in"), _members(LiveGate, model)),
        "## What the market says",
        "`direction_not_allowed` follows from one of these readings (MKT-10).",
        _table(("code", "judged in"), _members(MarketCode, market)),
        "## Why an exchange key is not taken",
        "The first that stands against a key is its code when it is added; a key that is verified again shows all of them "
        "in `refusals` (KEY-03, KEY-04).",
        _table(("code", "HTTP"), [(f"`{one.value}`", "409" if one is KeyRefusal.KEY_IN_USE else "422") for one in KeyRefusal]),
        "## Why the exchange did not take an order",
        "Receipts name these codes at the order (`order_ended`), at a sending that brought nothing (`unanswered`) and as the "
        "reason of a position that was given up (`abandoned`). `lost` is no code of an exchange: no answer came, and it is "
        "asked before the order is ever sent again (ORD-04). An open is tried again within its window only, and ends with "
        "`window_expired` or `unavailable`; a close goes on until nothing is left to close (ORD-07, SIG-21, SIG-22).",
        _table(("code", "what it means", "an open", "a close"), _faults()),
    )


def settings() -> str:
    """Every environment variable."""
    rows = [
        (f"`{one.name}`", one.meaning, ", ".join(f"`{choice}`" for choice in one.choices) or "-", one.absent)
        for one in VARIABLES
    ]
    return _page(
        "Settings",
        "Read once, at start, from the environment. `cbc check` shows them with their values, secrets masked.",
        _table(("variable", "meaning", "values", "without it"), rows),
    )


def ports() -> str:
    """Every port with its adapters."""
    adapters = source.SRC / "cbc_adapters"
    rows = []
    for path in source.modules(DOMAIN / "ports"):
        if path.name == "__init__.py":
            continue
        name = path.relative_to(DOMAIN / "ports").parts[0].removesuffix(".py")
        technologies = sorted({folder.parent.name for folder in (adapters / name).glob("*/__init__.py")} - LAUNCHERS)
        module = path.relative_to(DOMAIN / "ports").as_posix()
        rows.append((f"`{module}`", source.first_line(path), ", ".join(technologies) or "in the program itself"))
    homes = [
        (f"`{folder.parent.relative_to(adapters).as_posix()}`", source.first_line(folder))
        for folder in sorted(adapters.glob("*/*/__init__.py"))
    ]
    return _page(
        "Ports and adapters",
        "A port is what a use case asks of the outside, in words of the business; an adapter keeps its promises with one "
        "technology. The promises are tests, the same for every adapter of a port.",
        _table(("port, in `cbc_domain/ports`", "what it is", "adapters"), rows),
        "## Adapters",
        _table(("folder of `cbc_adapters`", "what it is"), homes),
    )


def rules() -> str:
    """Every rule of the rule book that a test names, and how far each finished section is proved."""
    rows = [(rule, _listed(files)) for rule, files in sorted(source.rules().items())]
    named, known = proved.named_rules(), proved.sections()
    counts = [(one.name, str(len(one.rules)), str(len(one.proved(named))), str(len(one.planned(named)))) for one in known]
    waiting = [
        (rule, proved.PLANNED.get(rule, "past the basic product (beyond)")) for one in known for rule in one.planned(named)
    ]
    return _page(
        "Rules and their tests",
        f"{len(rows)} rules are named by a test that proves them or a part of them.",
        "## Finished sections",
        "A rule of these sections is proved by a test that names it, or planned; a check fails when it is neither.",
        _table(("section", "rules", "proved", "planned"), counts),
        "## Planned",
        _table(("rule", "why it waits"), waiting),
        "## Begun",
        "Proved as far as they are built.",
        _table(("rule", "still to come"), proved.PARTLY.items()),
        "## All rules",
        _table(("rule", "tests in"), rows),
    )


PAGES: Final[Mapping[str, Callable[[], str]]] = {
    "errors.md": error_codes,
    "refusals.md": refusals,
    "settings.md": settings,
    "ports.md": ports,
    "rules.md": rules,
}


def write(folder: Path = REFERENCE) -> None:
    """Write every page anew."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, page in PAGES.items():
        (folder / name).write_text(page())


def _members(enum: type[StrEnum], model: Path) -> Iterable[Sequence[str]]:
    for member in enum:
        yield f"`{member.value}`", _listed(source.uses(member, DOMAIN, model)) or "not judged yet"


def _faults() -> Iterable[Sequence[str]]:
    told = source.told_of_members(DOMAIN / "ports" / "venue_faults.py", Fault.__name__)
    for fault in Fault:
        known = fault is Fault.DUPLICATE_ID
        opening = "looked up" if known else "tried again" if fault in PASSING else "ends"
        closing = "looked up" if known else "waits and is sent again" if fault in PASSING | BARRED else "replaced"
        yield f"`{fault.value}`", told[fault.name], opening, closing


def _listed(paths: Iterable[str]) -> str:
    return ", ".join(f"`{path}`" for path in sorted(paths))


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows))


def _page(title: str, *parts: str) -> str:
    return "\n\n".join((f"# {title}", *parts, NOTE))
