"""Compare the chain with hashes that were written down where no program can change them (LED-23)."""

from collections.abc import Mapping

import attrs

from cbc_domain.ledger.seal import rewritten
from cbc_domain.ports.persistence.unit_of_work import Store


@attrs.frozen
class ComparePrinted:
    """`printed` has the hash for each sequence number; the answer names those that are not in the chain any more."""

    store: Store

    async def __call__(self, printed: Mapping[int, str]) -> list[str]:
        async with self.store() as work:
            found = {seq: next((link.hash for link in await work.books.seals(seq - 1, 1)), None) for seq in printed}
        return [rewritten(seq, hash_, found[seq]) for seq, hash_ in printed.items() if hash_ != found[seq]]
