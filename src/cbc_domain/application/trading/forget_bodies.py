"""Empty the bodies of alerts that were refused or rejected, when nobody needs to look at them any more (SIG-33)."""

from datetime import timedelta
from typing import Final

import attrs

from cbc_domain.ports.persistence.unit_of_work import Store
from cbc_domain.ports.system import Clock

KEPT_FOR: Final = timedelta(days=7)
"""Bodies of what was refused; signals and decisions themselves are never deleted, so that they last their five years."""

CLEANED_EVERY: Final = timedelta(hours=2)


@attrs.frozen
class ForgetBodies:
    store: Store
    clock: Clock

    async def __call__(self) -> int:
        """Answer how many bodies were emptied; again changes nothing."""
        before = self.clock.now() - KEPT_FOR
        return await self.store.run(lambda work: work.signals.forget_bodies(before))
