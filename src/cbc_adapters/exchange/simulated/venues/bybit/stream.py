"""Bybit's private stream: log-in, subscriptions, pings, and an account's orders."""

import json
from typing import Final

from cbc_adapters.exchange.simulated.venues.bybit.bodies import order_body
from cbc_adapters.exchange.simulated.venues.house import House, IssuedKey
from cbc_adapters.exchange.simulated.venues.signatures import in_hexadecimal, same
from cbc_adapters.exchange.simulated.venues.tellers import pass_on, tellers
from cbc_adapters.exchange.simulated.venues.wire import Json, Socket, milliseconds
from cbc_domain.ports.exchange import Report, ReportState

PRIVATE: Final = "/v5/private"
ORDERS: Final = frozenset({"order", "order.linear"})
CONNECTION: Final = {"conn_id": "simulated"}


async def converse(socket: Socket, house: House) -> None:
    """Answer a client until it goes; once it has proved itself and asked for orders, tell it of them."""
    key: IssuedKey | None = None
    listens = False
    if socket.path.partition("?")[0] != PRIVATE:
        return

    async def say(report: Report) -> None:
        for message in told(report, house):
            await socket.send(json.dumps(message))

    async with tellers() as begin:
        async for message in socket.messages():
            wish = json.loads(message)
            if wish.get("op") == "auth":
                key = _proved(wish.get("args") or [], house)
                if key is None:
                    await _say(socket, wish, success=False, words="Params Error")
                    return
                await _say(socket, wish)
            elif wish.get("op") == "ping":
                pong = {"op": "pong", "args": [str(milliseconds(house.now()))], **CONNECTION}
                await socket.send(json.dumps({"req_id": wish.get("req_id", ""), **pong}))
            elif wish.get("op") == "subscribe" and key is not None:
                if not listens and ORDERS & set(wish.get("args") or []):
                    listens = True
                    begin(pass_on(house, key.account, say))
                await _say(socket, wish)
            else:
                await _say(socket, wish, success=False, words="Request not authorized")


def _proved(given: list[str], house: House) -> IssuedKey | None:
    """The key whose owner signed the moment until which the log-in holds; None when something is wrong with it."""
    if len(given) != 3 or not str(given[1]).isdecimal() or int(given[1]) <= milliseconds(house.now()):
        return None
    key = house.keys.get(given[0])
    if key is None or key.has_expired(house.now()):
        return None
    return key if same(in_hexadecimal(key.secret, f"GET/realtime{given[1]}"), given[2]) else None


async def _say(socket: Socket, wish: Json, *, success: bool = True, words: str = "") -> None:
    answer = {"success": success, "ret_msg": words, "op": wish.get("op"), "req_id": wish.get("req_id", ""), **CONNECTION}
    await socket.send(json.dumps(answer))


def told(report: Report, house: House) -> list[Json]:
    """One message for a report; that the trigger of an order was struck is told in the same message as what came of it."""
    account = house.account(report.account)
    order = account.orders[report.client_id]
    body = {"category": "linear", **order_body(account, order)}
    states = [body]
    if order.ticket.trigger is not None and report.state is ReportState.FILLED:
        states.insert(0, body | {"orderStatus": "Triggered", "cumExecQty": "0", "avgPrice": ""})
    message_id = f"{body['orderId']}-{body['updatedTime']}"
    return [{"id": message_id, "topic": "order", "creationTime": milliseconds(house.now()), "data": states}]
