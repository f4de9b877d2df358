"""What Bybit tells and changes of a unified account: balance, settings, permissions."""

from decimal import Decimal
from typing import Final

from cbc_adapters.exchange.simulated.model import VenueAccount
from cbc_adapters.exchange.simulated.venues.bybit.market import listed
from cbc_adapters.exchange.simulated.venues.bybit.refusals import Wrong
from cbc_adapters.exchange.simulated.venues.house import House, IssuedKey
from cbc_adapters.exchange.simulated.venues.wire import Json, milliseconds, text

MODES: Final = {"ISOLATED_MARGIN": True, "REGULAR_MARGIN": False}
BOTH_SIDES: Final = 3
UNIFIED_2_PRO: Final = 6


def info(house: House, key: IssuedKey, given: Json) -> Json:
    """GET /v5/account/info: the margin mode is the account's, not a symbol's."""
    return {
        "marginMode": "ISOLATED_MARGIN" if _isolated(house, key) else "REGULAR_MARGIN",
        "updatedTime": str(milliseconds(house.now())),
        "unifiedMarginStatus": UNIFIED_2_PRO,
        "dcpStatus": "OFF",
        "timeWindow": 10,
        "smpGroup": 0,
        "isMasterTrader": False,
        "spotHedgingStatus": "OFF",
    }


def set_margin_mode(house: House, key: IssuedKey, given: Json) -> Json:
    if given.get("setMarginMode") not in MODES:
        raise Wrong(10001, "params error: setMarginMode invalid")
    for symbol in house.engine.listing:
        house.choices(key.account, symbol).isolated = MODES[given["setMarginMode"]]
    return {"reasons": []}


def _isolated(house: House, key: IssuedKey) -> bool:
    return all(house.choices(key.account, symbol).isolated for symbol in house.engine.listing)


def set_leverage(house: House, key: IssuedKey, given: Json) -> Json:
    instrument = listed(house, given)
    wished = {str(given.get("buyLeverage")), str(given.get("sellLeverage"))}
    if len(wished) != 1 or not (said := wished.pop()).isdecimal() or int(said) < 1:
        raise Wrong(10001, "buy leverage invalid")
    if int(said) > instrument.brackets[0].max_leverage:
        raise Wrong(110013, "cannot set leverage gt maxLeverage by risk limit")
    choices = house.choices(key.account, instrument.symbol)
    if choices.leverage == int(said):
        raise Wrong(110043, "leverage not modified")
    choices.leverage = int(said)
    return {}


def switch_mode(house: House, key: IssuedKey, given: Json) -> Json:
    """POST /v5/position/switch-mode: 0 is one-way, 3 is hedge."""
    account, hedge = house.account(key.account), given.get("mode") == BOTH_SIDES
    if account.hedge == hedge:
        raise Wrong(110025, "Position mode is not modified")
    if account.positions:
        raise Wrong(110024, "You have an existing position, so position mode cannot be switched")
    if any(order.open for order in account.orders.values()):
        raise Wrong(110028, "You have existing open orders, so the position mode cannot be switched.")
    account.hedge = hedge
    return {}


def wallet_balance(house: House, key: IssuedKey, given: Json) -> Json:
    """GET /v5/account/wallet-balance: totals in USD, which are empty while margin is isolated, and the coins."""
    if given.get("accountType") != "UNIFIED":
        raise Wrong(10001, "accountType only support UNIFIED.")
    account, unrealised = house.account(key.account), house.engine.unrealised(key.account)
    equity, isolated = account.cash + unrealised, _isolated(house, key)
    return {
        "list": [
            {
                "accountType": "UNIFIED",
                "accountLTV": "",
                "accountIMRate": "" if isolated else "0",
                "accountMMRate": "" if isolated else "0",
                "totalEquity": text(equity),
                "totalWalletBalance": "" if isolated else text(account.cash),
                "totalMarginBalance": "" if isolated else text(equity),
                "totalAvailableBalance": "" if isolated else text(account.available),
                "totalPerpUPL": "" if isolated else text(unrealised),
                "totalInitialMargin": "" if isolated else text(account.margin_in_use),
                "totalMaintenanceMargin": "" if isolated else "0",
                "coin": [_coin(account, unrealised)],
            }
        ]
    }


def _coin(account: VenueAccount, unrealised: Decimal) -> Json:
    return {
        "coin": "USDT",
        "equity": text(account.cash + unrealised),
        "usdValue": text(account.cash + unrealised),
        "walletBalance": text(account.cash),
        "locked": "0",
        "borrowAmount": "0",
        "spotBorrow": "0",
        "accruedInterest": "0",
        "totalOrderIM": "0",
        "totalPositionIM": text(account.margin_in_use),
        "totalPositionMM": "0",
        "unrealisedPnl": text(unrealised),
        "cumRealisedPnl": text(account.cash - account.deposits),
        "bonus": "0",
        "availableToBorrow": "",
        "availableToWithdraw": "",
        "marginCollateral": True,
        "collateralSwitch": True,
        "spotHedgingQty": "0",
    }


def query_api(key: IssuedKey) -> Json:
    """GET /v5/user/query-api: what the key may do."""
    expiry = key.expires_at.strftime("%Y-%m-%dT%H:%M:%SZ") if key.expires_at else "1970-01-01T00:00:00Z"
    others = ("Spot", "Options", "CopyTrading", "BlockTrade", "Exchange", "NFT", "Affiliate", "Earn")
    return {
        "id": "13770661",
        "note": "simulated",
        "apiKey": key.key,
        "readOnly": int(not key.trades),
        "secret": "",
        "permissions": {
            "ContractTrade": ["Order", "Position"] if key.trades else [],
            "Derivatives": ["DerivativesTrade"] if key.trades else [],
            "Wallet": ["AccountTransfer", "Withdraw"] if key.withdraws else [],
            **{name: [] for name in others},
        },
        "ips": sorted(key.addresses) or ["*"],
        "type": 1,
        "deadlineDay": 83 if key.expires_at else -2,
        "expiredAt": expiry,
        "createdAt": "2022-10-16T02:24:40Z",
        "unified": 0,
        "uta": 1,
        "userID": 24600000,
        "inviterID": 0,
        "vipLevel": "No VIP",
        "mktMakerLevel": "0",
        "affiliateID": 0,
        "rsaPublicKey": "",
        "isMaster": True,
        "parentUid": "0",
        "kycLevel": "LEVEL_1",
        "kycRegion": "",
    }
