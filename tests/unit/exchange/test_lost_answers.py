"""What is unknown after a call to a venue: an answer that broke off is no refusal."""

import aiohttp
import ccxt
import pytest

from cbc_adapters.exchange.ccxt.errors import translated
from cbc_domain.kernel.venues import Venue
from cbc_domain.ports.venue_faults import OutcomeUnknown


def broken_off() -> Exception:
    """As the vendor raises it when the connection ends in the middle of an answer."""
    error: Exception = ccxt.ExchangeError("binanceusdm POST https://fapi.binance.com/fapi/v1/order?signature=secret")
    error.__cause__ = aiohttp.ClientPayloadError("the response is not complete")
    return error


@pytest.mark.parametrize("error", [broken_off(), ccxt.RequestTimeout("binanceusdm POST https://x"), ccxt.NetworkError("x")])
def test_an_order_whose_answer_broke_off_may_have_been_taken(error: Exception) -> None:
    """rules: EXC-09, ORD-04"""
    meant = translated(error, Venue.BINANCE, {})

    assert isinstance(meant, OutcomeUnknown)
    assert "secret" not in str(meant)
