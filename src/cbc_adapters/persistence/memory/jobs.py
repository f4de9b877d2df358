"""Background jobs in memory, run when they are told to."""

from collections.abc import Awaitable, Callable, Mapping

import attrs

from cbc_adapters.persistence.memory.store import MemoryStore

Handler = Callable[[Mapping[str, str]], Awaitable[None]]


@attrs.frozen
class MemoryJobs:
    """Runs the jobs of a store in the order of asking; one runner at a time."""

    store: MemoryStore

    async def run_pending(self, handlers: Mapping[str, Handler]) -> int:
        """Run what waits, and what that asks for, until nothing is left; answer how many ran.

        A job whose handler raises stays the first of the queue, and its error is the caller's. Raises LookupError for a
        job without a handler.
        """
        ran = 0
        while (job := self.store.jobs.first()) is not None:
            handler = handlers.get(job.name)
            if handler is None:
                raise LookupError(f"expected a handler for job {job.name}, was none")
            await handler(job.payload)
            async with self.store() as work:
                self.store.jobs.done(job)
                await work.commit()
            ran += 1
        return ran
