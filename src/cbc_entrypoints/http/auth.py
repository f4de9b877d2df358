"""Accounts and sessions (contract 2.1)."""

from typing import Final

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.handlers.http_handlers import HTTPRouteHandler
from litestar.params import JSONBody

from cbc_domain.application.people.open_session import TokenPair
from cbc_domain.application.people.register import Register
from cbc_domain.application.people.show_member import ShowMember
from cbc_domain.application.people.sign_in import RefreshTokens, SignIn, SignOut
from cbc_domain.application.people.step_up import StepUp
from cbc_domain.application.people.verify_email import VerifyEmail
from cbc_domain.identity.model import Member, Registration
from cbc_domain.identity.rules import user_type
from cbc_entrypoints.http.access import PUBLIC, SIGNED_IN, Caller
from cbc_entrypoints.http.problems import documented


class RegisterBody(msgspec.Struct, forbid_unknown_fields=True):
    email: str
    password: str
    full_name: str
    country: str
    terms_version: str
    language: str | None = None
    phone: str | None = None
    referral_code: str | None = None


class TokenBody(msgspec.Struct, forbid_unknown_fields=True):
    token: str


class SignInBody(msgspec.Struct, forbid_unknown_fields=True):
    email: str
    password: str


class StepUpBody(msgspec.Struct, forbid_unknown_fields=True):
    """The `password`; a `code` proves nothing before second factors can be enrolled."""

    password: str | None = None
    code: str | None = None


class RefreshBody(msgspec.Struct, forbid_unknown_fields=True):
    refresh_token: str


class SignOutBody(msgspec.Struct, forbid_unknown_fields=True):
    all: bool = False


class UserShape(msgspec.Struct):
    """`role` is the shown user type of ROL-01; `environment` is where this member's next trade would go."""

    id: str
    email: str
    full_name: str
    role: str
    affiliate_tier: str
    country: str
    region: str
    language: str
    email_verified: bool
    two_factor_enabled: bool
    plan_code: str
    environment: str


class UserAnswer(msgspec.Struct):
    user: UserShape


class SteppedUpAnswer(msgspec.Struct):
    access_token: str
    expires_in: int


class TokensAnswer(msgspec.Struct):
    access_token: str
    refresh_token: str
    expires_in: int
    token_type: str = "Bearer"


@post("/api/auth/register", status_code=201, opt=PUBLIC, responses=documented(422))
async def register_member(data: JSONBody[RegisterBody], register: NamedDependency[Register]) -> UserAnswer:
    """The answer is the same whether or not the address was known (AUT-02)."""
    member = await register(Registration(**msgspec.structs.asdict(data)))
    return UserAnswer(_user(member, "NONE", "testnet"))


@post("/api/auth/verify-email", status_code=200, opt=PUBLIC, responses=documented(410))
async def verify_member_email(
    data: JSONBody[TokenBody], verify_email: NamedDependency[VerifyEmail], show_member: NamedDependency[ShowMember]
) -> UserAnswer:
    member = await verify_email(data.token)
    return await _shown(show_member, member)


@post("/api/auth/login", status_code=200, opt=PUBLIC, responses=documented(401))
async def login(data: JSONBody[SignInBody], sign_in: NamedDependency[SignIn]) -> TokensAnswer:
    return _tokens(await sign_in(data.email, data.password))


@post("/api/auth/step-up", status_code=200, opt=SIGNED_IN, responses=documented(401, 403))
async def step_up_caller(
    data: JSONBody[StepUpBody], caller: NamedDependency[Caller], step_up: NamedDependency[StepUp]
) -> SteppedUpAnswer:
    """The token counts as a step-up for five minutes, and goes on as an ordinary one; signing in is a step-up too (AUT-15)."""
    access, expires_in = await step_up(caller.member, caller.session, data.password or "")
    return SteppedUpAnswer(access, expires_in)


@post("/api/auth/refresh", status_code=200, opt=PUBLIC, responses=documented(401))
async def refresh(data: JSONBody[RefreshBody], refresh_tokens: NamedDependency[RefreshTokens]) -> TokensAnswer:
    return _tokens(await refresh_tokens(data.refresh_token))


@post("/api/auth/logout", status_code=204, opt=SIGNED_IN, responses=documented(401))
async def logout(
    caller: NamedDependency[Caller], sign_out: NamedDependency[SignOut], data: JSONBody[SignOutBody | None] = None
) -> None:
    await sign_out(caller.member.id, caller.session, everywhere=data is not None and data.all)


@get("/api/auth/me", opt=SIGNED_IN, responses=documented(401))
async def me(caller: NamedDependency[Caller], show_member: NamedDependency[ShowMember]) -> UserAnswer:
    return await _shown(show_member, caller.member)


async def _shown(show_member: ShowMember, member: Member) -> UserAnswer:
    shown = await show_member(member)
    return UserAnswer(_user(member, shown.plan, shown.environment))


def _tokens(pair: TokenPair) -> TokensAnswer:
    return TokensAnswer(pair.access, pair.refresh, pair.expires_in)


def _user(member: Member, plan: str, environment: str) -> UserShape:
    return UserShape(
        id=str(member.id),
        email=member.email,
        full_name=member.full_name,
        role=user_type(member.role, member.tier),
        affiliate_tier=member.tier,
        country=member.country,
        region=member.region,
        language=member.language,
        email_verified=member.email_verified_at is not None,
        two_factor_enabled=member.two_factor,
        plan_code=plan,
        environment=environment,
    )


HANDLERS: Final[list[HTTPRouteHandler]] = [register_member, verify_member_email, login, step_up_caller, refresh, logout, me]
