"""The address of a sender is what our own proxies heard, and nothing that he can write himself."""

import pytest

from cbc_entrypoints.http.client_address import past_proxies

FORGED = "52.89.214.238"


@pytest.mark.parametrize(
    ("forwarded", "peer", "proxies", "address"),
    [
        ([], "203.0.113.9", 0, "203.0.113.9"),
        ([FORGED], "203.0.113.9", 0, "203.0.113.9"),
        (["203.0.113.9"], "10.0.0.1", 1, "203.0.113.9"),
        ([f"{FORGED}, 203.0.113.9"], "10.0.0.1", 1, "203.0.113.9"),
        ([FORGED, "203.0.113.9"], "10.0.0.1", 1, "203.0.113.9"),
        ([f"{FORGED}, 203.0.113.9, 10.0.0.2"], "10.0.0.1", 2, "203.0.113.9"),
        (["10.0.0.2"], "10.0.0.1", 2, None),
        ([], "10.0.0.1", 1, None),
        (["unknown"], "10.0.0.1", 1, None),
        ([], None, 0, None),
        ([], "::ffff:203.0.113.9", 0, "203.0.113.9"),
        (["2001:DB8::0:1"], "10.0.0.1", 1, "2001:db8::1"),
    ],
)
def test_only_as_many_proxies_are_believed_as_are_ours(
    forwarded: list[str], peer: str | None, proxies: int, address: str | None
) -> None:
    """rules: SIG-44"""
    assert past_proxies(forwarded, peer, proxies) == address
