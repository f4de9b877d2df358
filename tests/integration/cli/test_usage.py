"""What the command line says to somebody who meets it for the first time, or mistypes."""

import tempfile
from pathlib import Path

import click
import pytest

from cbc_domain.kernel.errors import Conflict, Denied, DomainError, FieldFault, FieldFaults, Invalid, NotFound, Unavailable
from cbc_entrypoints.cli.endings import exit_code, tell
from cbc_entrypoints.cli.main import COMMANDS
from cbc_entrypoints.cli.main import cbc as group
from tests.integration.cli.conftest import Here
from tests.integration.cli.program import cbc


def test_help_explains_every_command_in_a_line_each(data: Path) -> None:
    helped = cbc(data, "--help")

    assert helped.code == 0
    assert [line.split()[0] for line in helped.out.partition("Commands:\n")[2].splitlines()] == list(COMMANDS)
    assert not data.exists()


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name: str) -> None:
    command = group.get_command(click.Context(group), name)

    assert command is not None
    assert command.name == name
    assert command.help


@pytest.mark.parametrize(
    "arguments",
    [
        ("frobnicate",),
        ("serve", "--port", "99999"),
        ("serve", "--workers", "0"),
        ("worker", "--role", "cook"),
        ("demo", "--members", "0"),
        ("demo", "--members", "many"),
        ("demo", "--wrong"),
        ("demo", "--alerts", "a.jsonl"),
        ("demo", "--direction", "long"),
        ("explain",),
        ("ledger", "statement"),
        ("admin", "create-user", "--email", "a@b.example"),
        ("admin", "create-user", "--email", "a@b.example", "--role", "KING"),
    ],
    ids=" ".join,
)
def test_wrong_usage_is_one_line_and_exit_code_2(data: Path, here: Here, arguments: tuple[str, ...]) -> None:
    ended = here(*arguments)

    assert (ended.code, ended.in_one_line) == (2, True), ended
    assert not data.exists()


def test_the_process_ends_with_the_code_and_the_line(data: Path) -> None:
    ended = cbc(data, "frobnicate")

    assert (ended.code, ended.in_one_line) == (2, True)


def test_each_kind_of_failure_has_its_exit_code() -> None:
    assert exit_code(Invalid("settings_invalid", "x")) == 2
    assert exit_code(Conflict("already_exists", "x")) == 2
    assert exit_code(Denied("forbidden", "x")) == 2
    assert exit_code(Unavailable("data_dir_unwritable", "x")) == 2
    assert exit_code(NotFound("not_found", "x")) == 1
    assert exit_code(Unavailable("unavailable", "x")) == 3
    assert exit_code(DomainError("schema_newer", "x")) == 3


def test_an_unexpected_error_is_one_line_and_its_story_is_kept_without_secrets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """rules: OPS-06"""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    code = tell(ExceptionGroup("tasks", [RuntimeError("no answer from\npostgresql://club:hunter2@db/club")]))

    said = capsys.readouterr().err
    (story,) = tmp_path.iterdir()
    assert (code, said.count("\n")) == (3, 1)
    assert said.startswith("cbc: unexpected RuntimeError")
    assert str(story) in said
    assert "RuntimeError" in story.read_text()
    assert "hunter2" not in said + story.read_text()
    assert story.stat().st_mode & 0o077 == 0


def test_wrong_fields_are_all_named_in_the_line(capsys: pytest.CaptureFixture[str]) -> None:
    code = tell(FieldFaults((FieldFault("email", "expected an address", "x"), FieldFault("password", "too short", "x"))))

    assert (code, capsys.readouterr().err) == (2, "cbc: email: expected an address; password: too short\n")
