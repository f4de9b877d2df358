"""The Idempotency-Key of every POST that moves money or opens or closes a trade (GEN-10)."""

import hashlib
import re
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Final

import attrs
import msgspec
from litestar import Request, Response
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import HeaderParameter

from cbc_domain.kernel.errors import DomainError, Invalid, Unavailable
from cbc_domain.ports.persistence.unit_of_work import Store
from cbc_domain.ports.persistence.work import Answer
from cbc_domain.ports.system import Clock

HEADER: Final = "Idempotency-Key"
_VISIBLE: Final = re.compile(r"[\x21-\x7e]{1,255}", re.ASCII)


IdempotencyKey = Annotated[
    str | None, HeaderParameter(name=HEADER, description="1 to 255 visible characters; kept for at least 24 hours")
]


@attrs.frozen
class Answered:
    """What an act answers, before it is kept and sent."""

    body: msgspec.Struct
    status: int


@attrs.frozen
class AnswerOnce:
    """Run an act once for each (member, route, key) and give its first answer again.

    A refusal did nothing and is not kept: the key is free again. An outage may have come after the act was done, so then
    the key stays taken until the claim is given up. Raises Invalid `idempotency_key_required`, Conflict
    `idempotency_key_reused` or `request_in_progress`.
    """

    store: Store
    clock: Clock

    async def __call__(
        self, request: Request[Any, Any, Any], owner: str, key: str | None, act: Callable[[], Awaitable[Answered]]
    ) -> Response[bytes]:
        if key is None or not _VISIBLE.fullmatch(key):
            raise Invalid("idempotency_key_required", f"expected a header {HEADER} of 1 to 255 visible characters")
        route = f"{request.method} {request.url.path}"
        fingerprint = hashlib.sha256(await request.body()).hexdigest()
        first = await self._begin(owner, route, key, fingerprint)
        if first is not None:
            return _json(first, replay=True)
        answered = await self._act(owner, route, key, act)
        answer = Answer(answered.status, msgspec.json.encode(answered.body).decode())
        async with self.store() as work:
            await work.answers.finish(owner, route, key, answer)
            await work.commit()
        return _json(answer, replay=False)

    async def _begin(self, owner: str, route: str, key: str, fingerprint: str) -> Answer | None:
        async with self.store() as work:
            first = await work.answers.begin(owner, route, key, fingerprint, self.clock.now())
            await work.commit()
        return first

    async def _act(self, owner: str, route: str, key: str, act: Callable[[], Awaitable[Answered]]) -> Answered:
        try:
            return await act()
        except Unavailable:
            raise
        except DomainError:
            async with self.store() as work:
                await work.answers.give_up(owner, route, key)
                await work.commit()
            raise


def answered(shape: type[msgspec.Struct], *statuses: int) -> dict[int, ResponseSpec]:
    """Say in the OpenAPI document what a handler answers that gives kept bytes."""
    kept = ResponseSpec(shape, description="First answer or its replay", generate_examples=False)
    return dict.fromkeys(statuses, kept)


def _json(answer: Answer, *, replay: bool) -> Response[bytes]:
    headers = {"Idempotent-Replay": "true"} if replay else {}
    return Response(answer.body.encode(), status_code=answer.status, media_type="application/json", headers=headers)
