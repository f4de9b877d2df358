"""`cbc admin`: what is done by hand before there is anybody who may do it over the API."""

import asyncio
import sys
from datetime import timedelta
from typing import Final

import click

from cbc_domain.identity.model import Member, Registration, Role
from cbc_domain.identity.rules import fold_email
from cbc_domain.kernel.errors import Conflict
from cbc_domain.kernel.money import Money, currency
from cbc_domain.signals.rules import TIMEFRAMES
from cbc_domain.signals.webhook import TRADINGVIEW_ADDRESSES
from cbc_entrypoints.cli.ledger import member_id
from cbc_entrypoints.cli.opened import opened
from cbc_entrypoints.cli.staff import generated_password, staff_form
from cbc_entrypoints.settings import Settings

BAR_MINUTES: Final = tuple(str(bar // timedelta(minutes=1)) for bar in TIMEFRAMES.values())


@click.group()
def admin() -> None:
    """Users, credits, strategies."""


@admin.command("create-user")
@click.option("--email", required=True)
@click.option("--role", type=click.Choice([role.value for role in Role]), required=True)
@click.option("--name", "full_name", default="Staff member")
@click.option("--country", default="BR", show_default=True)
@click.option("--verified", is_flag=True, help="The address needs no verification.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input; without it one is made.")
@click.pass_obj
def create_user(
    settings: Settings, email: str, role: str, full_name: str, country: str, verified: bool, password_stdin: bool
) -> None:
    """Create an account of any role; a generated password is printed once."""
    password = sys.stdin.readline().rstrip("\n") if password_stdin else generated_password()
    form = staff_form(email, password, full_name, country)
    member = asyncio.run(_create(settings, form, Role(role), verified=verified))
    click.echo(f"id       {member.id}\nemail    {member.email}\nrole     {member.role}")
    if not password_stdin:
        click.echo(f"password {password}")


@admin.command("grant-credit")
@click.option("--member", required=True, help="Id or e-mail.")
@click.option("--amount", required=True, help="Like 25.00.")
@click.option("--currency", "code", default="BRL", show_default=True)
@click.option("--reason", required=True)
@click.option("--request", "request_id", required=True, help="Your own id of this request; the same one credits once.")
@click.pass_obj
def grant_credit(settings: Settings, member: str, amount: str, code: str, reason: str, request_id: str) -> None:
    """Give admin credit that lives 30 days and can pay fees only."""
    posting = asyncio.run(_grant(settings, member, Money.parse(amount, currency(code)), reason, request_id))
    click.echo(posting)


@admin.command("create-strategy")
@click.option("--name", required=True)
@click.option("--bar-minutes", type=click.Choice(BAR_MINUTES), default="30", show_default=True)
@click.option("--only-tradingview", is_flag=True, help="Take its alerts from the addresses of TradingView only.")
@click.option("--base-url", default="http://127.0.0.1:8000", show_default=True)
@click.pass_obj
def create_strategy(settings: Settings, name: str, bar_minutes: str, only_tradingview: bool, base_url: str) -> None:
    """Create a strategy; its webhook URL holds the secret and is printed once."""
    addresses = TRADINGVIEW_ADDRESSES if only_tradingview else frozenset[str]()
    secret = asyncio.run(_strategy(settings, name, timedelta(minutes=int(bar_minutes)), addresses))
    click.echo(f"{base_url.rstrip('/')}/api/webhooks/signal/{secret}")


async def _create(settings: Settings, form: Registration, role: Role, *, verified: bool) -> Member:
    async with opened(settings) as live:
        async with live.platform.store()() as work:
            known = await work.people.credential(fold_email(form.email))
        if known is not None:
            # Registration would answer as if it had worked, so that strangers learn nothing.
            raise Conflict("already_exists", f"expected an unused e-mail, was that of member {known.member.id}")
        return await live.platform.register()(form, role, verified=verified)


async def _grant(settings: Settings, member: str, amount: Money, reason: str, request_id: str) -> str:
    async with opened(settings) as live:
        found = await member_id(live.platform.store(), member)
        posting = await live.platform.grant_credit()(found, amount, request_id, "cli", reason)
    return f"{'credited before' if posting.replay else 'credited'} {amount} as {posting.id}"


async def _strategy(settings: Settings, name: str, bar_length: timedelta, addresses: frozenset[str]) -> str:
    async with opened(settings) as live:
        _, secret = await live.platform.create_strategy()(name, bar_length, source_addresses=addresses)
    return secret
