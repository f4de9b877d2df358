"""A data directory that a test may fill, and the command in this very process for what it refuses at once."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cbc_entrypoints.cli.main import run
from cbc_entrypoints.variables import VARIABLES
from tests.integration.cli.program import Ended

Here = Callable[..., Ended]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def here(data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Here:
    """Run a command without the second that a process of its own takes to start; for those that end before they begin."""

    def cbc_here(*arguments: str, **environment: str) -> Ended:
        for variable in VARIABLES:
            monkeypatch.delenv(variable.name, raising=False)
        for name, value in {"CBC_DATA_DIR": str(data), **environment}.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "argv", ["cbc", *arguments])
        with pytest.raises(SystemExit) as ended:
            run()
        said = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return Ended(ended.value.code, said.out, said.err)

    return cbc_here
