"""Money, rates, lots, debts and holdings as a member may have them."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID

from hypothesis import strategies as st

from cbc_domain.kernel.ids import DebtId, LotId, MemberId
from cbc_domain.kernel.money import BRL, LEDGER_CURRENCIES, USD, Currency, Money
from cbc_domain.kernel.rates import FxRate
from cbc_domain.ledger.holdings import Holdings
from cbc_domain.ledger.model import Debt, Lot, LotStatus

NOW: Final = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
MEMBER: Final = MemberId(UUID(int=1))
AFFILIATE: Final = MemberId(UUID(int=2))
NEW_LOT: Final = LotId(UUID(int=900))
NEW_DEBT: Final = DebtId(UUID(int=901))

currencies = st.sampled_from(LEDGER_CURRENCIES)


def money(text: str, currency: Currency) -> Money:
    """Read `"30.00"` and also the whole numbers of the tables, `"30"`."""
    return Money.parse(text if "." in text else f"{text}.00", currency)


def brl(text: str) -> Money:
    return money(text, BRL)


def usd(text: str) -> Money:
    return money(text, USD)


def rate_of(text: str, accepted_at: datetime = NOW) -> FxRate:
    return FxRate(Decimal(text), "test", accepted_at, accepted_at)


def holdings_of(
    *real: Money,
    member: MemberId = MEMBER,
    commission: tuple[Money, ...] = (),
    clawback: tuple[Money, ...] = (),
    lots: tuple[Lot, ...] = (),
    debts: tuple[Debt, ...] = (),
) -> Holdings:
    return Holdings(member, real, commission, clawback, lots, debts)


def lot_of(number: int, amount: Money, expires_at: datetime = NOW + timedelta(days=10)) -> Lot:
    return Lot(LotId(UUID(int=100 + number)), MEMBER, amount, amount, "test", expires_at - timedelta(days=30), expires_at)


def debt_of(number: int, amount: Money) -> Debt:
    created_at = NOW - timedelta(days=30 - number)
    return Debt(DebtId(UUID(int=200 + number)), MEMBER, amount, amount, "commission", f"position {number}", created_at)


def amounts(currency: Currency, least: int = 1, most: int = 10**7) -> st.SearchStrategy[Money]:
    """Amounts in minor units from `least` to `most`, small ones often."""
    return (st.integers(least, min(most, 300)) | st.integers(least, most)).map(lambda minor: Money(minor, currency))


any_amounts = currencies.flatmap(amounts)

rates = st.decimals("0.000001", "1000", places=6).map(lambda value: FxRate(value, "test", NOW, NOW))


@st.composite
def lots(draw: st.DrawFn, number: int) -> Lot:
    amount = draw(any_amounts)
    remaining = draw(amounts(amount.currency, most=amount.minor))
    expires_at = NOW + timedelta(hours=draw(st.integers(-48, 720)))
    status = draw(st.sampled_from([LotStatus.ACTIVE, LotStatus.ACTIVE, LotStatus.FROZEN]))
    return Lot(
        LotId(UUID(int=100 + number)),
        MEMBER,
        amount,
        remaining,
        "test",
        expires_at - timedelta(days=30),
        expires_at,
        status,
    )


@st.composite
def debts(draw: st.DrawFn, number: int) -> Debt:
    amount = draw(any_amounts)
    return Debt(
        DebtId(UUID(int=200 + number)),
        MEMBER,
        amount,
        draw(amounts(amount.currency, most=amount.minor)),
        "commission",
        f"position {number}",
        NOW - timedelta(days=30 - number),
    )


@st.composite
def holdings(draw: st.DrawFn, *, owing: bool = True) -> Holdings:
    return Holdings(
        MEMBER,
        real=tuple(draw(amounts(currency, least=0)) for currency in LEDGER_CURRENCIES),
        commission=tuple(draw(amounts(currency, least=0)) for currency in LEDGER_CURRENCIES),
        clawback=(),
        lots=tuple(draw(lots(number)) for number in range(draw(st.integers(0, 4)))),
        debts=tuple(draw(debts(number)) for number in range(draw(st.integers(0, 4)) if owing else 0)),
    )
