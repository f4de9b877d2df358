"""Connect a member's venue account by its key: examined first, then kept sealed (KEY-01, KEY-03, KEY-06)."""

from functools import partial
from typing import Final

import attrs

from cbc_domain.application.people.examine_key import OTHER, ExamineKey
from cbc_domain.application.people.show_keys import KeyShown
from cbc_domain.kernel.errors import Conflict, DomainError, FieldFault, FieldFaults, Invalid
from cbc_domain.kernel.ids import AccountId, MemberId
from cbc_domain.kernel.venues import Environment, Venue
from cbc_domain.ports.persistence.keys import KeyAct, KeyDeed, StoredKey
from cbc_domain.ports.persistence.unit_of_work import Store, UnitOfWork
from cbc_domain.ports.security import Sealer
from cbc_domain.ports.system import Clock, Identities
from cbc_domain.ports.venue_keys import KeyFindings
from cbc_domain.risk.credentials import WITH_PASSPHRASE, Credentials, bound_to, fingerprint, hints, last_of, packed
from cbc_domain.risk.keys import KeyRefusal, first_health, found_on
from cbc_domain.risk.model import ExchangeAccount, KeyStatus

PEPPER_SUBJECT: Final = b"pepper of fingerprints"
PEPPER_BYTES: Final = 32
PURPOSE: Final = "connect"
PASSED: Final = "passed"


@attrs.frozen
class KeyForm:
    """What a member asks for; `credentials` is None for an account without a key, which only paper may be."""

    venue: Venue
    environment: Environment
    label: str
    credentials: Credentials | None = None


@attrs.frozen
class KeyAdded:
    """`warnings` are what is unusual about the key (KEY-05)."""

    shown: KeyShown
    warnings: tuple[str, ...] = ()


@attrs.frozen
class AddKey:
    """Raises FieldFaults for missing parts, Invalid with the code of the first refusal (KEY-03, KEY-04), Conflict
    `already_exists` for a second active key and `key_in_use` for somebody else's; the exchange port's errors when the venue
    is away. Nothing is kept then but the record of the attempt.
    """

    store: Store
    clock: Clock
    identities: Identities
    sealer: Sealer
    examine: ExamineKey

    async def __call__(self, member: MemberId, form: KeyForm) -> KeyAdded:
        _check(form)
        credentials, now = form.credentials, self.clock.now()
        last4 = last_of(credentials.key) if credentials else ""
        asked = ExchangeAccount(AccountId(self.identities.new()), member, form.venue, form.environment, form.label, last4, now)
        try:
            await self._refuse_second(asked)
            if credentials is None:
                shown = await self.store.run(partial(self._keep, asked))
            else:
                findings = await self._examined(asked, credentials)
                shown = await self.store.run(partial(self._keep_sealed, asked, findings, credentials))
        except DomainError as fault:
            await self.store.run(partial(self._note, member, None, fault.code))
            raise
        return KeyAdded(shown, hints(form.venue, credentials.key) if credentials else ())

    async def _refuse_second(self, asked: ExchangeAccount) -> None:
        """Before a venue is asked; what comes between is refused by the store."""
        place = (asked.venue, asked.environment)
        async with self.store() as work:
            known = await work.people.accounts(asked.member)
        if any((one.venue, one.environment) == place and one.status is not KeyStatus.REMOVED for one in known):
            raise Conflict("already_exists", f"expected no active {asked.venue} {asked.environment} key, was one")

    async def _examined(self, asked: ExchangeAccount, credentials: Credentials) -> KeyFindings:
        venue, environment = asked.venue, asked.environment
        examined = await self.examine(venue, environment, credentials)
        if KeyRefusal.KEY_INVALID in examined.refusals and await self.examine.known_elsewhere(venue, environment, credentials):
            refused = KeyRefusal.KEY_WRONG_ENVIRONMENT
            raise Invalid(refused, f"expected a {environment} key of {venue}, was a {OTHER[environment]} one")
        if examined.findings is None or examined.refusals:
            raise Invalid(examined.refusals[0].value, f"expected a key for futures alone, was {', '.join(examined.refusals)}")
        return examined.findings

    async def _keep(self, account: ExchangeAccount, work: UnitOfWork) -> KeyShown:
        await work.people.add_account(account)
        await self._note(account.member, account.id, PASSED, work)
        return KeyShown(account)

    async def _keep_sealed(
        self, asked: ExchangeAccount, findings: KeyFindings, credentials: Credentials, work: UnitOfWork
    ) -> KeyShown:
        account, health = found_on(asked, findings), first_health(findings, self.clock.now())
        pepper = self.sealer.open(await self._pepper(work), PEPPER_SUBJECT)
        sealed = self.sealer.seal(packed(credentials), bound_to(account))
        await self._keep(account, work)
        await work.keys.add(StoredKey(account.id, sealed, fingerprint(pepper, account.venue, credentials.key), health))
        return KeyShown(account, health)

    async def _pepper(self, work: UnitOfWork) -> str:
        known = await work.keys.pepper()
        if known is not None:
            return known
        return await work.keys.keep_pepper(self.sealer.seal(self.identities.secret(PEPPER_BYTES), PEPPER_SUBJECT))

    async def _note(self, member: MemberId, account: AccountId | None, outcome: str, work: UnitOfWork) -> None:
        now, new, actor = self.clock.now(), self.identities.new(), f"member:{member}"
        await work.keys.note([KeyAct(new, member, account, KeyDeed.ADDED, PURPOSE, outcome, actor, now)])


def _check(form: KeyForm) -> None:
    paper, credentials = form.venue is Venue.PAPER, form.credentials
    if paper != (form.environment is Environment.PAPER):
        refused = KeyRefusal.KEY_WRONG_ENVIRONMENT
        raise Invalid(refused, f"expected paper with paper only, was {form.venue} with {form.environment}")
    wanted = {
        "api_key": not paper,
        "api_secret": not paper,
        "passphrase": form.venue in WITH_PASSPHRASE,
    }
    given = {
        "api_key": credentials.key if credentials else None,
        "api_secret": credentials.secret if credentials else None,
        "passphrase": credentials.passphrase if credentials else None,
    }
    faults = [
        FieldFault(name, f"expected {'one' if needed else 'none'} for {form.venue}", "setting_invalid")
        for name, needed in wanted.items()
        if bool(given[name]) != needed
    ]
    if faults:
        raise FieldFaults(tuple(faults))
