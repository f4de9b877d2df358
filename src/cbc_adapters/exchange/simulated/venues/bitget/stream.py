"""Bitget's private stream: log-in, channels, and what an account's order reports look like in them."""

import json
from functools import partial
from typing import Final

from cbc_adapters.exchange.simulated.model import VenueAccount, VenueOrder
from cbc_adapters.exchange.simulated.venues.bitget.bodies import (
    STATES,
    order_body,
    plain_client_id,
)
from cbc_adapters.exchange.simulated.venues.bitget.plans import STATES as PLAN_STATES
from cbc_adapters.exchange.simulated.venues.bitget.plans import plan_body
from cbc_adapters.exchange.simulated.venues.house import House, IssuedKey
from cbc_adapters.exchange.simulated.venues.order_numbers import order_number
from cbc_adapters.exchange.simulated.venues.signatures import in_base64, same
from cbc_adapters.exchange.simulated.venues.tellers import pass_on, tellers
from cbc_adapters.exchange.simulated.venues.wire import Json, Socket, milliseconds, text
from cbc_domain.ports.exchange import Report
from cbc_domain.trading.model import Leg

PLAIN: Final = "orders"
PLAN: Final = "orders-algo"
SHORT_KINDS: Final = {Leg.STOP: "sl", Leg.TARGET: "tp"}
LATEST_S: Final = 30
"""How far the time of a log-in may lie from the venue's."""


async def converse(socket: Socket, house: House) -> None:
    """Log a client in, and tell it of the account's orders in the channels that it asked for, until it goes."""
    key: IssuedKey | None = None
    channels: set[str] = set()

    async def say(report: Report, channel: str) -> None:
        for message in told(report, house):
            if message["arg"]["channel"] == channel:
                await socket.send(json.dumps(message))

    async with tellers() as begin:
        async for message in socket.messages():
            if message == "ping":
                await socket.send("pong")
                continue
            wish = json.loads(message)
            if wish.get("op") == "login":
                key = await _log_in(socket, house, wish["args"][0])
            elif wish.get("op") == "subscribe" and key is None:
                await socket.send(_error(30004, "User needs to log in"))
            elif wish.get("op") == "subscribe" and key is not None:
                for asked in wish["args"]:
                    if asked["channel"] not in channels:
                        channels.add(asked["channel"])
                        begin(pass_on(house, key.account, partial(say, channel=asked["channel"])))
                    await socket.send(json.dumps({"event": "subscribe", "arg": asked}))


async def _log_in(socket: Socket, house: House, given: Json) -> IssuedKey | None:
    key, sent = house.keys.get(given.get("apiKey", "")), str(given.get("timestamp", ""))
    now = house.now()
    if key is None or key.has_expired(now):
        await socket.send(_error(30011, "Invalid ACCESS_KEY"))
    elif given.get("passphrase") != key.passphrase:
        await socket.send(_error(30012, "Invalid ACCESS_PASSPHRASE"))
    elif not sent.isdigit() or abs(milliseconds(now) // 1000 - int(sent)) > LATEST_S:
        await socket.send(_error(30014, "Request timestamp expired"))
    elif not same(in_base64(key.secret, f"{sent}GET/user/verify"), str(given.get("sign"))):
        await socket.send(_error(30015, "Invalid sign"))
    else:
        await socket.send(json.dumps({"event": "login", "code": 0}))
        return key
    return None


def _error(code: int, message: str) -> str:
    return json.dumps({"event": "error", "code": code, "msg": message})


def told(report: Report, house: House) -> list[Json]:
    """A plan order that was triggered is told of twice: as a plan that is over, and as the plain order that it became."""
    account = house.account(report.account)
    order = account.orders[report.client_id]
    if order.ticket.trigger is None:
        return [_message(house, PLAIN, _plain(account, order, report))]
    plan = _message(house, PLAN, _plan(account, order, report))
    return [plan, _message(house, PLAIN, _plain(account, order, report))] if report.fills else [plan]


def _message(house: House, channel: str, data: Json) -> Json:
    arg = {"instType": "USDT-FUTURES", "channel": channel, "instId": "default"}
    return {"action": "snapshot", "arg": arg, "data": [data], "ts": milliseconds(house.now())}


def _plain(account: VenueAccount, order: VenueOrder, report: Report) -> Json:
    body = order_body(account, order)
    kept = ("orderId", "leverage", "orderType", "tradeSide", "posMode", "marginMode", "posSide", "side", "marginCoin", "force")
    filled = sum((fill.quantity for fill in report.fills), start=order.quantity * 0)
    at = str(milliseconds(report.at))
    told = {name: body[name] for name in kept} | {
        "instId": order.ticket.symbol,
        "clientOid": plain_client_id(order),
        "size": text(order.quantity),
        "price": "0",
        "status": STATES[report.state],
        "accBaseVolume": text(filled),
        "reduceOnly": str(body["reduceOnly"]).lower(),
        "enterPointSource": body["enterPointSource"],
        "feeDetail": [{"feeCoin": "USDT", "fee": text(-sum((fill.fee for fill in report.fills), start=filled * 0))}],
        "notionalUsd": "0",
        "cTime": at,
        "uTime": at,
    }
    if not report.fills:
        return told
    last = report.fills[-1]
    return told | {
        "baseVolume": text(last.quantity),
        "fillFee": text(-last.fee),
        "fillFeeCoin": "USDT",
        "fillNotionalUsd": text(last.quantity * last.price),
        "fillPrice": text(last.price),
        "fillTime": str(milliseconds(last.at)),
        "pnl": "0",
        "priceAvg": text(last.price),
        "tradeId": str(order_number(last.id)),
        "tradeScope": "M" if last.maker else "T",
    }


def _plan(account: VenueAccount, order: VenueOrder, report: Report) -> Json:
    body = plan_body(order, hedge=account.hedge)
    kept = ("orderId", "clientOid", "triggerPrice", "triggerType", "executePrice", "size", "orderType", "side", "tradeSide")
    at = str(milliseconds(report.at))
    return {name: body[name] for name in (*kept, "posSide", "marginCoin", "posMode", "enterPointSource")} | {
        "instId": order.ticket.symbol,
        "triggerTime": at if report.fills else "",
        "planType": SHORT_KINDS[order.ticket.leg],
        "price": body["triggerPrice"],
        "actualSize": text(sum((fill.quantity for fill in report.fills), start=order.quantity * 0)),
        "status": PLAN_STATES[report.state],
        "stopSurplusTriggerType": "",
        "stopLossTriggerType": "",
        "cTime": at,
        "uTime": at,
    }
