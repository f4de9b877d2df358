"""`cbc emergency`: stops from a terminal, over the database alone."""

from pathlib import Path

from tests.integration.cli.program import Ended, cbc

WHY = ("--reason", "the exchange misbehaves")


def test_a_stop_is_set_and_lifted_from_a_terminal_without_api_and_worker(data: Path, postgres_url: str) -> None:
    """rules: RSK-20, RSK-21, RSK-24, ROL-03, ROL-07"""

    def run(*arguments: str) -> Ended:
        return cbc(data, *arguments, CBC_DATABASE_URL=postgres_url)

    for email, role in (("a@club.invalid", "ADMIN"), ("o@club.invalid", "OPERADOR")):
        assert run("admin", "create-user", "--email", email, "--role", role, "--verified").code == 0
    flatten = ("emergency", "stop", "--scope", "global", "--level", "flatten", *WHY)

    done = run(*flatten, "--by", "a@club.invalid", "--type-scope", "global")
    refused = [
        run(*flatten, "--by", "a@club.invalid"),
        run(*flatten, "--by", "o@club.invalid", "--type-scope", "global"),
        run(*flatten, "--by", "nobody@club.invalid", "--type-scope", "global"),
        run("emergency", "stop", "--scope", "symbol", "--level", "pause", *WHY, "--by", "o@club.invalid"),
        run("emergency", "lift", "--scope", "global", "--reason", "short", "--by", "a@club.invalid"),
    ]
    lifted = run("emergency", "lift", "--scope", "global", *WHY, "--by", "a@club.invalid")

    assert (done.code, done.out.split()) == (0, ["level", "flatten", "taken", "back", "0", "closing", "0"])
    codes = ("validation_error", "forbidden", "not_found", "validation_error", "reason_required")
    assert [(one.in_one_line, code in one.err) for one, code in zip(refused, codes, strict=True)] == [(True, True)] * 5
    assert all(one.code in (1, 2) for one in refused)
    assert lifted.code == 0
