"""The hash chain over the books in memory, and the proofs that were kept of it (LED-21, LED-22)."""

from collections.abc import Sequence
from datetime import datetime

from cbc_adapters.persistence.memory.table import ALL, Changes, Series, Table
from cbc_domain.kernel.ids import JournalId
from cbc_domain.ledger.findings import KeptProof, Proof, Seal, kept
from cbc_domain.ledger.model import Posting
from cbc_domain.ledger.proof import Chain
from cbc_domain.ledger.seal import GENESIS, chain_faults, rewritten, seal


class MemoryChain:
    """Postings are sealed in the order in which they were made, which in memory is the order of their commits."""

    def __init__(self, changes: Changes) -> None:
        self._seals = Series[str, Seal](changes)
        self._proofs = Series[str, KeptProof](changes)

    def seal(self, postings: Sequence[Posting], most: int) -> int:
        sealed = self._seals.of(ALL)
        previous = sealed[-1].hash if sealed else GENESIS
        unsealed = postings[len(sealed) : len(sealed) + most]
        for seq, posting in enumerate(unsealed, start=len(sealed) + 1):
            previous = seal(previous, seq, posting.journal, posting.posted_at)
            self._seals.add(ALL, Seal(seq, posting.id, previous))
        return len(unsealed)

    def links(self, after: int, limit: int) -> list[Seal]:
        return list(self._seals.of(ALL)[after : after + limit])

    def judged(self, since: int, postings: Table[JournalId, Posting]) -> Chain:
        """The chain as a proof sees it that goes on from link `since`; 0 judges all of it."""
        seals, good = self._seals.of(ALL), self.kept(held=True)
        start = seals[since - 1] if since else None
        faults = tuple(chain_faults(((link, postings.get(link.journal)) for link in seals[since:]), start))
        found = seals[good.sealed - 1].hash if good and good.sealed else GENESIS
        if good and found != good.last_hash:
            faults = (rewritten(good.sealed, good.last_hash, found), *faults)
        proven = frozenset(link.journal for link in seals[:since])
        return Chain(seals[-1] if seals else None, faults, since, proven)

    def keep(self, proof: Proof, at: datetime) -> None:
        self._proofs.add(ALL, kept(proof, at))

    def kept(self, *, whole: bool = False, held: bool = False) -> KeptProof | None:
        """The newest kept proof; only of whole books, only one that held."""
        newest = reversed(self._proofs.of(ALL))
        return next((one for one in newest if (one.whole or not whole) and (one.held or not held)), None)
