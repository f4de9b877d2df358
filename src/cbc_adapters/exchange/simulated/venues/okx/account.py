"""What OKX tells and changes of an account: balance, positions, settings, transfers, permissions."""

from cbc_adapters.exchange.simulated.model import VenueAccount, VenuePosition
from cbc_adapters.exchange.simulated.venues.house import House, IssuedKey
from cbc_adapters.exchange.simulated.venues.okx.market import instrument_id, listed
from cbc_adapters.exchange.simulated.venues.okx.refusals import Wrong
from cbc_adapters.exchange.simulated.venues.wire import Json, milliseconds, text
from cbc_domain.kernel.venues import Side
from cbc_domain.risk.transfers import Transfer

TRANSFER = "1"


def balance(house: House, key: IssuedKey, given: Json) -> Json:
    """GET /api/v5/account/balance in futures mode: what is of other modes is empty."""
    account, now = house.account(key.account), str(milliseconds(house.now()))
    unrealised = house.engine.unrealised(key.account)
    equity = text(account.cash + unrealised)
    usdt = {
        "availBal": text(account.available),
        "availEq": text(account.available),
        "cashBal": text(account.cash),
        "ccy": "USDT",
        "crossLiab": "",
        "disEq": equity,
        "eq": equity,
        "eqUsd": equity,
        "frozenBal": text(account.margin_in_use),
        "imr": "0",
        "interest": "",
        "isoEq": text(account.margin_in_use + unrealised),
        "isoLiab": "",
        "isoUpl": text(unrealised),
        "liab": "",
        "maxLoan": "",
        "mgnRatio": "",
        "mmr": "0",
        "notionalLever": "0",
        "ordFrozen": "0",
        "twap": "0",
        "uTime": now,
        "upl": text(unrealised),
        "uplLiab": "",
    }
    whole = {"adjEq": "", "availEq": "", "imr": "", "isoEq": usdt["isoEq"], "mgnRatio": "", "mmr": "", "notionalUsd": ""}
    return [whole | {"details": [usdt], "ordFroz": "", "totalEq": equity, "uTime": now}]


def positions(house: House, key: IssuedKey, given: Json) -> Json:
    account = house.account(key.account)
    only = listed(house, given["instId"]).symbol if "instId" in given else None
    held = account.positions.values()
    return [_position(house, account, position) for position in held if only in {None, position.symbol}]


def _position(house: House, account: VenueAccount, position: VenuePosition) -> Json:
    mark, now = house.engine.marks[position.symbol].price, str(milliseconds(house.now()))
    signed = position.quantity if account.hedge or position.side is Side.LONG else -position.quantity
    unrealised = position.unrealised(mark)
    return {
        "adl": "1",
        "availPos": text(position.quantity) if account.hedge else "",
        "avgPx": text(position.entry_price),
        "cTime": now,
        "ccy": "USDT",
        "imr": "",
        "instId": instrument_id(position.symbol),
        "instType": "SWAP",
        "interest": "0",
        "last": text(mark),
        "lever": str(account.leverage.get(position.symbol, 1)),
        "liab": "",
        "liabCcy": "",
        "liqPx": "",
        "margin": text(position.margin),
        "markPx": text(mark),
        "mgnMode": "isolated",
        "mgnRatio": "",
        "mmr": "0",
        "notionalUsd": text(mark * position.coins),
        "optVal": "",
        "pos": text(signed),
        "posCcy": "",
        "posId": f"{account.ordinal}{position.side.value}{position.symbol}",
        "posSide": position_side(account, position.side),
        "tradeId": "1",
        "uTime": now,
        "upl": text(unrealised),
        "uplRatio": "0",
    }


def position_side(account: VenueAccount, side: Side) -> str:
    return side.value.lower() if account.hedge else "net"


def set_leverage(house: House, key: IssuedKey, given: Json) -> Json:
    """POST /api/v5/account/set-leverage; the engine has one leverage for both sides of a symbol."""
    instrument, account = listed(house, given.get("instId")), house.account(key.account)
    if given.get("mgnMode") != "isolated":
        raise Wrong("51000", "Parameter mgnMode error", 400)
    side = given.get("posSide", "net")
    if (side != "net") != account.hedge:
        raise Wrong("51000", "Parameter posSide error", 400)
    wished = int(given.get("lever", "0"))
    if wished < 1:
        raise Wrong("59105", "Leverage can't be less than 1. Please increase the leverage.", 400)
    if wished > instrument.brackets[0].max_leverage:
        raise Wrong("59102", "Leverage exceeds the maximum limit. Please lower the leverage.")
    choices = house.choices(key.account, instrument.symbol)
    choices.leverage, choices.isolated = wished, True
    return [{"instId": given["instId"], "lever": str(wished), "mgnMode": "isolated", "posSide": side}]


def set_mode(house: House, key: IssuedKey, given: Json) -> Json:
    account, mode = house.account(key.account), given.get("posMode")
    if mode not in {"net_mode", "long_short_mode"}:
        raise Wrong("51000", "Parameter posMode error", 400)
    if account.positions or any(order.open for order in account.orders.values()):
        raise Wrong("59000", "Settings failed. Close any open positions or orders before modifying settings.")
    account.hedge = mode == "long_short_mode"
    return [{"posMode": mode}]


def bills(house: House, key: IssuedKey, given: Json) -> Json:
    """GET /api/v5/account/bills and bills-archive, newest first: transfers only; `after` means older than that bill."""
    if given.get("type", TRANSFER) != TRANSFER:
        return []
    begin, end, before = int(given.get("begin", 0)), int(given.get("end", 2**53)), int(given.get("after", 2**63))
    moved = house.account(key.account).transfers
    told = [one for one in moved if begin <= milliseconds(one.at) <= end and int(one.venue_id) < before]
    return [_bill(one) for one in told[::-1][: int(given.get("limit", 100))]]


def _bill(transfer: Transfer) -> Json:
    amount = transfer.amount
    return {
        "bal": text(amount),
        "balChg": text(amount),
        "billId": transfer.venue_id,
        "ccy": "USDT",
        "execType": "",
        "fee": "0",
        "from": "6" if amount > 0 else "18",
        "instId": "",
        "instType": "",
        "mgnMode": "",
        "notes": "",
        "ordId": "",
        "pnl": "0",
        "posBal": "0",
        "posBalChg": "0",
        "subType": "11" if amount > 0 else "12",
        "sz": text(abs(amount)),
        "to": "18" if amount > 0 else "6",
        "ts": str(milliseconds(transfer.at)),
        "type": TRANSFER,
    }


def config(house: House, key: IssuedKey, given: Json) -> Json:
    """GET /api/v5/account/config: how the account is set, and what the key that asks may do."""
    may = ["read_only", *(["withdraw"] if key.withdraws else []), *(["trade"] if key.trades else [])]
    return [
        {
            "acctLv": "2",
            "acctStpMode": "cancel_maker",
            "autoLoan": False,
            "ctIsoMode": "automatic",
            "enableSpotBorrow": False,
            "greeksType": "PA",
            "ip": ",".join(sorted(key.addresses)),
            "kycLv": "3",
            "label": "simulated",
            "level": "Lv1",
            "levelTmp": "",
            "liquidationGear": "-1",
            "mainUid": str(house.account(key.account).ordinal),
            "mgnIsoMode": "automatic",
            "opAuth": "1",
            "perm": ",".join(may),
            "posMode": "long_short_mode" if house.account(key.account).hedge else "net_mode",
            "roleType": "0",
            "settleCcy": "USDT",
            "settleCcyList": ["USDT"],
            "spotBorrowAutoRepay": False,
            "spotOffsetType": "",
            "type": "0",
            "uid": str(house.account(key.account).ordinal),
        }
    ]
