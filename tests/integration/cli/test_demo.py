"""`cbc demo`: what it shows is the same each time, adds up, and starts nothing for files that cannot be played."""

import json
import signal
import subprocess
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

import pytest

from tests.integration.cli.conftest import Here
from tests.integration.cli.program import CBC, PATIENCE_S, cbc, surroundings

CANDLES: Final = "timestamp,open,high,low,close,volume\n2022-01-01T00:00:00Z,1,1,1,1,1\n2022-01-01T00:01:00Z,1,1,1,1,1\n"
LATENCIES: Final = ("latency_ms",)


def same_every_time(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """What two runs must agree in: everything but latencies and random ids."""
    signals = [{name: value for name, value in signal.items() if name != "id"} for signal in document["signals"]]
    return {**{name: value for name, value in document.items() if name not in LATENCIES}, "signals": signals}


def test_two_runs_with_one_seed_agree_in_everything_but_latencies_and_ids(tmp_path: Path) -> None:
    """rules: GEN-13, LED-20, POS-11"""
    ended = [cbc(tmp_path / "unused", "demo", "--members", "4", "--seed", "7", "--json") for _ in range(2)]
    assert [one.code for one in ended] == [0, 0], ended[0].err

    first, second = (json.loads(one.out) for one in ended)

    assert same_every_time(first) == same_every_time(second)
    assert (first["prices"], first["members"], first["label"]) == ("simulated", 4, "SIMULATED")
    assert first["signals"][0].keys() >= {"id", "kind", "symbol", "status", "ordered", "refused"}
    assert first["positions"].keys() >= {"opened", "closed", "unprotected"}
    assert first["positions"]["opened"] == sum(one["ordered"] for one in first["signals"]) > 0
    assert first["positions"]["unprotected"] == 0
    assert sum(first["close_reasons"].values()) == first["positions"]["closed"]
    assert first["settlements"].keys() >= {"count", "commission", "affiliate", "debt"}
    assert all(first["settlements"][sums].keys() >= {"BRL", "USD"} for sums in ("commission", "affiliate", "debt"))
    assert first["ledger"].keys() >= {"journals", "entries"}
    assert [first["ledger"][name] for name in ("unbalanced", "mismatched_balances", "hash_chain")] == [0, 0, "ok"]
    expected = {f"{what}_p{part}" for what in ("webhook", "to_last_order") for part in (50, 95)}
    assert first["latency_ms"].keys() >= expected
    assert list(tmp_path.glob("coinbitclub-*")) == []
    assert "SIMULATED" in ended[0].err


@pytest.mark.parametrize(("told", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_whoever_ends_it_early_finds_nothing_left_behind(tmp_path: Path, told: signal.Signals, code: int) -> None:
    process = subprocess.Popen(
        [CBC, "demo", "--members", "1"],
        env=surroundings(tmp_path / "unused"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # Whoever runs these tests in the background of a shell has them ignore SIGINT, and so would this process.
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - no thread runs here
    )
    with process:
        assert process.stderr is not None
        while "posting alerts" not in process.stderr.readline():
            assert process.poll() is None
        process.send_signal(told)
        out, err = process.communicate(timeout=PATIENCE_S)

    assert (process.returncode, out) == (code, "")
    assert "Traceback" not in err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("candles", "alerts", "market", "code"),
    [
        (None, "", None, "candles_missing"),
        ("a page of a book\n", "", None, "candles_invalid"),
        (CANDLES, None, None, "alerts_missing"),
        (CANDLES, "not json\n", None, "alerts_invalid"),
        (CANDLES, '{"signal": "SINAL LONG"}\n', None, "alerts_invalid"),
        (CANDLES, "", "nonsense\n", "readings_invalid"),
    ],
    ids=["no candles", "odd candles", "no alerts", "odd alerts", "an alert without a time", "odd readings"],
)
def test_files_that_cannot_be_played_are_named_before_anything_starts(
    tmp_path: Path, here: Here, candles: str | None, alerts: str | None, market: str | None, code: str
) -> None:
    files = {"candles": candles, "alerts": alerts, "market": market}
    for name, text in files.items():
        if text is not None:
            (tmp_path / name).write_text(text)
    given = [part for name in files if name != "market" or market for part in (f"--{name}", str(tmp_path / name))]

    ended = here("demo", *given)

    assert (ended.code, ended.in_one_line, ended.out) == (2, True, "")
    assert f"({code})" in ended.err
