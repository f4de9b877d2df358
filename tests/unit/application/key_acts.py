"""What stories about exchange keys share: a club whose venue says of each key what the story tells it to."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

import attrs

from cbc_adapters.persistence.memory.store import MemoryStore
from cbc_adapters.security.standard.secrets import Vault
from cbc_domain.application.people.add_key import KeyAdded, KeyForm
from cbc_domain.identity.model import Member
from cbc_domain.kernel.ids import AccountId, MemberId
from cbc_domain.kernel.venues import Environment, Venue
from cbc_domain.plans.model import PlanCode
from cbc_domain.ports.persistence.keys import KeyAct, StoredKey
from cbc_domain.ports.venue_faults import Fault, VenueRefused
from cbc_domain.ports.venue_keys import Credentials, KeyFindings
from cbc_domain.risk.model import ExchangeAccount
from tests.club import Club, open_club

GOOD: Final = KeyFindings(reads=True, trades=True, withdraws=False, hedge=False, restricted=True)
KEY: Final = "public-key-of-ana"
SECRET: Final = "hush-secret"
DAY: Final = timedelta(days=1)
MASTERS: Final = {"k1": bytes(range(32)), "k2": bytes(range(32, 64))}


@attrs.define
class Venues:
    """Examines as it is told; mutable because what it says changes, and counts who asked."""

    says: dict[str, KeyFindings | Exception] = attrs.field(factory=dict)
    only_in: dict[str, Environment] = attrs.field(factory=dict)
    """Keys that one environment alone knows."""
    asked: list[str] = attrs.field(factory=list)

    async def examine(self, venue: Venue, environment: Environment, credentials: Credentials) -> KeyFindings:
        self.asked.append(credentials.key)
        if self.only_in.get(credentials.key, environment) is not environment:
            raise VenueRefused(Fault.AUTH, "no such key")
        answer = self.says[credentials.key]
        if isinstance(answer, Exception):
            raise answer
        return answer


@attrs.define
class Mailbox:
    """Mutable because letters keep coming."""

    letters: list[tuple[MemberId, str]] = attrs.field(factory=list)
    words: list[Mapping[str, str]] = attrs.field(factory=list)

    async def send(self, member: Member, letter: str, values: Mapping[str, str]) -> None:
        self.letters.append((member.id, letter))
        self.words.append(values)


@attrs.frozen
class KeyClub:
    """A club in memory with a venue to ask and a mailbox; `venues` and `mailbox` are told and read by the story."""

    club: Club
    venues: Venues
    mailbox: Mailbox

    async def join(self) -> Member:
        """A member without an account at any venue but the club's own."""
        return await self.club.join(PlanCode.PRO_BR, environment=Environment.TESTNET)

    async def add(
        self,
        member: Member,
        key: str = KEY,
        venue: Venue = Venue.BINANCE,
        environment: Environment = Environment.LIVE,
        findings: KeyFindings | Exception = GOOD,
    ) -> KeyAdded:
        self.venues.says[key] = findings
        passphrase = "hush-phrase" if venue in (Venue.OKX, Venue.BITGET) else None
        form = KeyForm(venue, environment, "main", Credentials(key, SECRET, passphrase))
        return await self.club.platform.add_key()(member.id, form)

    async def account(self, account: AccountId) -> ExchangeAccount:
        async with self.club.store() as work:
            return (await work.people.connected([account]))[account]

    async def stored(self, account: AccountId) -> StoredKey | None:
        async with self.club.store() as work:
            return (await work.keys.of([account])).get(account)

    async def acts(self, member: Member) -> list[KeyAct]:
        async with self.club.store() as work:
            return list(await work.keys.acts(member.id))

    def use_masters(self, current: str) -> None:
        """From now on what is sealed is wrapped by this master key; the other one is known too."""
        self.club.platform.sealer.override(Vault(MASTERS, current))


async def open_keys() -> KeyClub:
    club = await open_club()
    assert isinstance(club.store, MemoryStore)
    venues, mailbox = Venues(), Mailbox()
    club.platform.examiner.override(venues)
    club.platform.letters.override(mailbox)
    opened = KeyClub(club, venues, mailbox)
    opened.use_masters("k1")
    return opened
