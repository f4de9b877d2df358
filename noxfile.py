"""The checks of `./dev test` on every supported Python that this machine has, and the lock files."""

import nox

nox.options.default_venv_backend = "uv|virtualenv"
nox.options.error_on_missing_interpreters = False
nox.options.sessions = ["lint", "types", "unit", "integration", "docs"]

PYTHONS = ["3.11", "3.12", "3.13"]
LOCKS = {"all": [], "dev": ["requirements/dev.in", "--constraint", "requirements/all.txt"]}


def prepare(session: nox.Session) -> None:
    """Install what is pinned, and the project on top of it."""
    session.install("--require-hashes", "-r", "requirements/dev.txt")
    session.install("--no-deps", "--no-build-isolation", "--editable", ".")


@nox.session(python=PYTHONS)
def lint(session: nox.Session) -> None:
    """Style, format and who may import whom."""
    prepare(session)
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")
    session.run("lint-imports")


@nox.session(python=PYTHONS)
def types(session: nox.Session) -> None:
    """Strict types, of the tests too."""
    prepare(session)
    session.run("mypy")


@nox.session(python=PYTHONS)
def unit(session: nox.Session) -> None:
    """The rules, without a socket or a clock."""
    prepare(session)
    session.run("pytest", "tests/unit", *session.posargs)


@nox.session(python=PYTHONS)
def integration(session: nox.Session) -> None:
    """The promises of every adapter and the product from outside, on real servers."""
    prepare(session)
    session.run("pytest", "tests", "--ignore=tests/unit", *session.posargs)


@nox.session(python=PYTHONS)
def docs(session: nox.Session) -> None:
    """The documentation; a warning is an error."""
    prepare(session)
    session.run("sphinx-build", "--fail-on-warning", "--keep-going", "docs", "build/docs")


@nox.session(python="3.11", default=False)
def lock(session: nox.Session) -> None:
    """Write requirements/*.txt anew; `-- --upgrade` takes the newest versions."""
    session.install("uv")
    for name, more in LOCKS.items():
        session.run(
            *("uv", "pip", "compile", "--quiet", "--universal", "--generate-hashes", "--python-version", "3.11"),
            *("--no-emit-index-url", "--no-emit-find-links", "--custom-compile-command", "nox -s lock"),
            *("--extra", "all", "pyproject.toml", "requirements/all.in", *more),
            *("--output-file", f"requirements/{name}.txt", *session.posargs),
        )
