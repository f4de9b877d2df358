"""The command `cbc`: what it offers, and how it ends."""

import os
import sys
from importlib import import_module
from typing import Final

import click

from cbc_entrypoints.cli.endings import BAD_USAGE, DONE, INTERRUPTED, WRONG, tell
from cbc_entrypoints.settings import read_settings

COMMANDS: Final = {
    "demo": ("demo", "The main job from end to end in front of your eyes, SIMULATED."),
    "serve": ("serve", "The whole platform: database, API, workers, paper exchange."),
    "api": ("serve", "The HTTP API alone, over CBC_DATABASE_URL."),
    "worker": ("serve", "A worker alone, over CBC_DATABASE_URL."),
    "admin": ("admin", "Create users and strategies, grant credit."),
    "emergency": ("emergency", "Stop opens or flatten, also when all else is down."),
    "ledger": ("ledger", "Prove the books, show a member's statement."),
    "keys": ("keys", "Wrap all sealed exchange keys by a new master key."),
    "reconcile": ("reconcile", "Compare with the exchanges now, and mend."),
    "explain": ("explain", "Causes and effects of a signal, order, position or journal."),
    "check": ("check", "Every setting, every connection, and what to do about a fault."),
    "venue-sim": ("venue_sim", "The exchanges on loopback, SIMULATED, with faults on order."),
    "migrate": ("migrate", "Bring the database to the schema of this program."),
}
"""Name -> its module beside this one, and what `cbc --help` says; every module defines what is named for its command.

A `-` in a name is a `_` in Python.
"""


class Commands(click.Group):
    """Imports the module of a command when it is asked for, so that `cbc --help` answers at once."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _ = COMMANDS[cmd_name]
        command: click.Command = getattr(import_module(f"cbc_entrypoints.cli.{module}"), cmd_name.replace("-", "_"))
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in COMMANDS.items()])


@click.group(cls=Commands)
@click.version_option(package_name="coinbitclub")
@click.pass_context
def cbc(context: click.Context) -> None:
    """CoinBitClub: one signal becomes every member's protected position.

    Settings come from the environment; `cbc check` lists them.
    """
    context.obj = read_settings(os.environ)


def run() -> None:
    """Run the command line and end the process with an exit code of the contract."""
    try:
        code = cbc.main(standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as fault:
        fault.show()
        sys.exit(BAD_USAGE)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        # Whoever read has gone, as `head` does; nothing more can be said to him, not even while Python ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(WRONG)
    except Exception as fault:
        sys.exit(tell(fault))
    sys.exit(code if isinstance(code, int) else DONE)
