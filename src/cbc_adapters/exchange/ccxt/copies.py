"""How ccxt clients come cheaply: built once for each market, and copied for everybody who needs one of his own."""

from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy, deepcopy

from cbc_adapters.exchange.ccxt.dialect import Client


def copied(pattern: Client) -> Client:
    """Make a client in the very state of its pattern, which is one that nobody used; they share what neither writes to.

    ccxt takes 5 to 13 ms and 140 to 250 kB to build a client, nearly all of it for tables of endpoints and errors. What a
    client writes to are its own attributes, the tops of its dicts, and anything within its options; what it is called back by
    stands in `streaming`.
    """
    client = copy(pattern)
    for name, value in vars(pattern).items():
        if isinstance(value, dict):
            setattr(client, name, dict(value))
    # With the one known as the other, methods of the pattern become methods of the copy.
    client.options, client.streaming = deepcopy((pattern.options, pattern.streaming), {id(pattern): client})
    return client


@contextmanager
def ready_to_stream(client: Client, public: Client) -> Iterator[None]:
    """Let a client know the markets that `public` loaded, and sign with the venue's time; afterwards nothing holds it any more.

    What ccxt would do later for a stream, such as keeping a listen key alive in 20 minutes, ends with the stream: it would hold
    a client that is over until then, and a silent stream is opened anew again and again.
    """
    client.set_markets_from_exchange(public)
    # Streams log in with whole seconds of our own clock, and ccxt corrects milliseconds only.
    client.seconds = lambda: client.nonce() // 1000
    planned, delay = [], client.delay

    def remembered(ms: int, *what: object) -> object:
        planned.append(delay(ms, *what))
        return planned[-1]

    client.delay = remembered
    try:
        yield
    finally:
        for timer in planned:
            timer.cancel()
        del client.seconds, client.delay
