"""Runs the real command `cbc` as a process, as a person at a terminal would."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import attrs

CBC: Final = Path(sys.executable).with_name("cbc")
PATIENCE_S: Final = 90
SIGN_IN: Final = re.compile(r"^sign in +(\S+@\S+) +(\S+) ", re.MULTILINE)
ADDRESS: Final = re.compile(r"^API +(http://\S+:(\d+))$", re.MULTILINE)


@attrs.frozen
class Ended:
    """How a command ended: its exit code, and what it wrote on standard output and standard error."""

    code: int
    out: str
    err: str

    @property
    def in_one_line(self) -> bool:
        """It said one line on standard error, in words of `cbc`, and no stack trace anywhere."""
        return self.err.startswith("cbc: ") and self.err.count("\n") == 1 and "Traceback" not in self.out


def surroundings(data: Path, more: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of a process without any `CBC_*` of whoever runs the tests."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("CBC_")}
    return {**own, "CBC_DATA_DIR": str(data), "TMPDIR": str(data.parent), "PYTHONUNBUFFERED": "1", **(more or {})}


def cbc(data: Path, *arguments: str, typed: str = "", **environment: str) -> Ended:
    """Run a command to its end; `environment` holds further variables, `typed` what stands on its standard input."""
    done = subprocess.run(
        [CBC, *arguments],
        env=surroundings(data, environment),
        input=typed,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    return Ended(done.returncode, done.stdout, done.stderr)


@attrs.frozen
class Serving:
    """A command that runs until it is told to stop."""

    process: subprocess.Popen[str]
    out: Path
    err: Path

    @property
    def said(self) -> str:
        return self.out.read_text()

    @property
    def url(self) -> str:
        found = ADDRESS.search(self.said)
        assert found is not None
        return found[1]

    @property
    def port(self) -> str:
        return self.url.rpartition(":")[2]

    @property
    def sign_in(self) -> dict[str, str]:
        """The administrator who was printed, as the body of a sign-in."""
        found = SIGN_IN.search(self.said)
        assert found is not None
        return {"email": found[1], "password": found[2]}

    def stop(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, float]:
        """Send a signal; answer the exit code and how many seconds it took."""
        began = time.monotonic()
        self.process.send_signal(number)
        return self.process.wait(PATIENCE_S), time.monotonic() - began


@contextmanager
def serving(data: Path, *arguments: str, until: str = "Stop with Ctrl-C.", **environment: str) -> Iterator[Serving]:
    """Run a server until the end of the block; it begins when the process has printed `until`."""
    out, err = (data.parent / f"{data.name}-{'-'.join(arguments)}.{end}".replace("/", "_") for end in ("out", "err"))
    with out.open("w") as out_file, err.open("w") as err_file:
        process = subprocess.Popen(
            [CBC, *arguments], env=surroundings(data, environment), stdout=out_file, stderr=err_file, text=True
        )
    running = Serving(process, out, err)
    try:
        wait_for(running, until)
        yield running
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(PATIENCE_S)


def wait_for(running: Serving, words: str) -> None:
    """Wait until the process has printed these words; one that ends instead fails the test with what it said."""
    deadline = time.monotonic() + PATIENCE_S
    while words not in running.said:
        told = f"{running.said}\n{running.err.read_text()}"
        assert running.process.poll() is None, told
        assert time.monotonic() < deadline, told
        time.sleep(0.05)


def columns(text: str) -> Mapping[str, Sequence[str]]:
    """The lines of a table by their first word."""
    return {line.split()[0]: line.split()[1:] for line in text.splitlines() if line.strip()}
