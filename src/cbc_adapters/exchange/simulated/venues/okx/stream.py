"""OKX's private streams: log-in, subscriptions, and what an account's orders look like to who listens."""

import asyncio
import json
from typing import Final

from cbc_adapters.exchange.simulated.venues.house import House, IssuedKey
from cbc_adapters.exchange.simulated.venues.okx.bodies import algo_body, order_body
from cbc_adapters.exchange.simulated.venues.signatures import in_base64, same
from cbc_adapters.exchange.simulated.venues.tellers import Begin, pass_on, tellers
from cbc_adapters.exchange.simulated.venues.wire import Json, Socket, milliseconds
from cbc_domain.ports.exchange import Report

CHANNELS: Final = {"orders": "/ws/v5/private", "orders-algo": "/ws/v5/business"}
LATEST_S: Final = 30
"""How far the time of a log-in may lie from the venue's."""
CONNECTION: Final = "simulated"


async def converse(socket: Socket, house: House) -> None:
    """Obey a client until it goes, and tell it of the account's orders in the channels that it asked for."""
    async with tellers() as begin:
        await Conversation(socket, house, begin).run()


class Conversation:
    """One connection; mutable because it logs in, subscribes and goes."""

    def __init__(self, socket: Socket, house: House, begin: Begin) -> None:
        self._socket, self._house, self._begin = socket, house, begin
        self._key: IssuedKey | None = None
        self._channels: set[str] = set()

    async def run(self) -> None:
        """Obey the client until it goes."""
        async for message in self._socket.messages():
            await self._obey(message)

    async def _obey(self, message: str) -> None:
        if message == "ping":
            await self._socket.send("pong")
            return
        try:
            wish = json.loads(message)
            operation, arguments = wish["op"], wish["args"]
        except (ValueError, KeyError, TypeError):
            await self._refuse("60012", f"Illegal request: {message}")
            return
        if operation == "login":
            await self._log_in(arguments[0])
        elif operation == "subscribe":
            for argument in arguments:
                await self._subscribe(argument)
        else:
            await self._refuse("60019", f"Invalid op: {operation}")

    async def _log_in(self, given: Json) -> None:
        key, sent = self._house.keys.get(given.get("apiKey", "")), given.get("timestamp", "")
        now = milliseconds(self._house.now()) // 1000
        if key is None or key.has_expired(self._house.now()):
            await self._refuse("60005", "Invalid apiKey")
        elif not sent.isdigit() or abs(now - int(sent)) > LATEST_S:
            await self._refuse("60006", "Timestamp request expired")
        elif key.passphrase != given.get("passphrase"):
            await self._refuse("60024", "Wrong passphrase")
        elif not same(in_base64(key.secret, f"{sent}GET/users/self/verify"), given.get("sign", "")):
            await self._refuse("60007", "Invalid sign")
        else:
            self._key = key
            await self._say({"event": "login", "msg": "", "code": "0", "connId": CONNECTION})

    async def _subscribe(self, argument: Json) -> None:
        channel = argument.get("channel", "")
        if CHANNELS.get(channel) != self._socket.path.partition("?")[0]:
            await self._refuse("60018", f"Wrong URL or channel:{channel},instType:{argument.get('instType')} doesn't exist.")
        elif self._key is None:
            await self._refuse("60011", "Please log in")
        elif channel not in self._channels:
            self._channels.add(channel)
            ready = asyncio.Event()
            self._begin(pass_on(self._house, self._key.account, lambda report: self._tell(report, argument), ready))
            await ready.wait()
            await self._say({"event": "subscribe", "arg": argument, "connId": CONNECTION})

    async def _tell(self, report: Report, argument: Json) -> None:
        for message in told(report, self._house):
            if message["arg"]["channel"] == argument["channel"]:
                await self._say(message | {"arg": argument | {"uid": str(message["arg"]["uid"])}})

    async def _refuse(self, code: str, message: str) -> None:
        await self._say({"event": "error", "msg": message, "code": code, "connId": CONNECTION})

    async def _say(self, message: Json) -> None:
        await self._socket.send(json.dumps(message))


def told(report: Report, house: House) -> list[Json]:
    """An algo order is told of on its own channel; once it fired, the plain order that it became is too."""
    account = house.account(report.account)
    order = account.orders[report.client_id]
    messages = []
    if order.ticket.trigger is not None:
        messages.append(_message("orders-algo", account.ordinal, algo_body(account, order)))
    if order.ticket.trigger is None or report.fills:
        messages.append(_message("orders", account.ordinal, order_body(account, order)))
    return messages


def _message(channel: str, ordinal: int, body: Json) -> Json:
    return {"arg": {"channel": channel, "instType": "SWAP", "uid": str(ordinal)}, "data": [body]}
