"""What Bybit tells of money that was moved into an account and out of it."""

from typing import Final

from cbc_adapters.exchange.simulated.venues.bybit.market import page
from cbc_adapters.exchange.simulated.venues.bybit.refusals import Wrong
from cbc_adapters.exchange.simulated.venues.house import House, IssuedKey
from cbc_adapters.exchange.simulated.venues.wire import Json, milliseconds, text
from cbc_domain.risk.transfers import Transfer

LONGEST_LOG_MS: Final = 7 * 24 * 3_600_000


def transaction_log(house: House, key: IssuedKey, given: Json) -> Json:
    """GET /v5/account/transaction-log, newest first: transfers only, at most seven days at once."""
    now = milliseconds(house.now())
    since = int(given.get("startTime", now - LONGEST_LOG_MS))
    until = int(given.get("endTime", since + LONGEST_LOG_MS))
    if until - since > LONGEST_LOG_MS:
        raise Wrong(10001, "params error: The interval between startTime and endTime should be 7 days at most")
    told = [_logged(one) for one in house.account(key.account).transfers if since <= milliseconds(one.at) <= until]
    asked, currency = given.get("type"), given.get("currency")
    chosen = [row for row in told if asked in {None, row["type"]} and currency in {None, row["currency"]}]
    return page(chosen[::-1], given, 20, 50)


def _logged(transfer: Transfer) -> Json:
    moved = text(transfer.amount)
    return {
        "id": f"{transfer.venue_id}_USDT",
        "symbol": "",
        "side": "None",
        "category": "",
        "currency": "USDT",
        "type": "TRANSFER_IN" if transfer.amount >= 0 else "TRANSFER_OUT",
        "transSubType": "",
        "transactionTime": str(milliseconds(transfer.at)),
        "qty": moved,
        "size": "",
        "tradePrice": "",
        "funding": "",
        "fee": "",
        "feeRate": "",
        "cashFlow": moved,
        "change": moved,
        "cashBalance": "",
        "bonusChange": "",
        "tradeId": "",
        "orderId": "",
        "orderLinkId": "",
    }
