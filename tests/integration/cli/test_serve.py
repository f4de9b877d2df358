"""`cbc serve`: one command, a whole platform, and its data are there again the next time."""

import signal
from pathlib import Path

import httpx
import pytest

from tests.integration.cli.program import Serving, cbc, serving

SECONDS_TO_STOP = 10


def signs_in(running: Serving, who: dict[str, str]) -> bool:
    return httpx.post(f"{running.url}/api/auth/login", json=who).status_code == 200


def test_it_serves_what_it_prints_and_starts_again_on_the_same_data_with_the_same_secrets(data: Path) -> None:
    """rules: OPS-01, ROL-11, AUT-07"""
    with serving(data, "serve", "--port", "0") as first:
        administrator = first.sign_in
        answers = {path: httpx.get(first.url + path) for path in ("/docs", "/openapi.json", "/health/ready", "/version")}
        tokens = httpx.post(f"{first.url}/api/auth/login", json=administrator).json()
        me = httpx.get(f"{first.url}/api/auth/me", headers={"Authorization": f"Bearer {tokens['access_token']}"}).json()
        stopped, seconds = first.stop(signal.SIGINT)

    assert {path: answer.status_code for path, answer in answers.items()} == dict.fromkeys(answers, 200)
    assert "/api/webhooks/signal/{secret}" in str(answers["/openapi.json"].json()["paths"])
    assert me["user"]["role"] == "ADMIN"
    assert (stopped, seconds < SECONDS_TO_STOP) == (0, True)
    assert "Traceback" not in first.err.read_text()

    with serving(data, "serve", "--port", "0") as second:
        bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
        still_me = httpx.get(f"{second.url}/api/auth/me", headers=bearer)
        again = signs_in(second, administrator)
        stopped, seconds = second.stop(signal.SIGTERM)

    assert administrator["password"] not in second.said
    assert (still_me.status_code, again) == (200, True)
    assert (stopped, seconds < SECONDS_TO_STOP) == (0, True)


def test_a_killed_server_leaves_nothing_that_stops_the_next_one(data: Path) -> None:
    """rules: OPS-09"""
    with serving(data, "serve", "--port", "0") as first:
        administrator = first.sign_in
        first.stop(signal.SIGKILL)

    with serving(data, "serve", "--port", "0") as second:
        assert signs_in(second, administrator)
        assert httpx.get(f"{second.url}/health/ready").status_code == 200


def test_while_it_runs_other_commands_work_on_its_data_and_a_second_server_is_told_why_not(data: Path, tmp_path: Path) -> None:
    with serving(data, "serve", "--port", "0") as running:
        proof = cbc(data, "ledger", "proof")
        second = cbc(data, "serve", "--port", "0")
        worker = cbc(data, "worker")
        busy = cbc(tmp_path / "other", "serve", "--port", running.port)

    assert (proof.code, proof.err) == (0, "")
    assert (second.code, second.in_one_line, "data_dir_in_use" in second.err) == (3, True, True)
    assert (worker.code, worker.in_one_line, "data_dir_in_use" in worker.err) == (3, True, True)
    assert (busy.code, busy.in_one_line, "port_busy" in busy.err) == (3, True, True)
    assert running.port in busy.err


def test_the_data_directory_can_be_given_by_option(data: Path, tmp_path: Path) -> None:
    with serving(tmp_path / "unused", "serve", "--port", "0", "--data", str(data)) as running:
        assert running.said.startswith(f"data     {data}\n")

    assert (data / "postgres" / "PG_VERSION").exists()
    assert not (tmp_path / "unused").exists()


@pytest.mark.parametrize("command", [("serve", "--port", "0"), ("ledger", "proof"), ("check",)])
def test_a_data_directory_that_cannot_be_written_is_named(tmp_path: Path, command: tuple[str, ...]) -> None:
    (tmp_path / "a file").touch()

    refused = cbc(tmp_path / "a file" / "data", *command)

    assert refused.code == 2
    assert "a file/data" in refused.out + refused.err
    assert "Traceback" not in refused.out + refused.err


def test_secrets_and_letters_are_for_the_owner_alone(data: Path) -> None:
    """rules: SEC-01"""
    with serving(data, "serve", "--port", "0"):
        modes = {path.name: path.stat().st_mode & 0o077 for path in (data, data / "secret.key", data / "master.key")}

    assert modes == {"data": 0, "secret.key": 0, "master.key": 0}
