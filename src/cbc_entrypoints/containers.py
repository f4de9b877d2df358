"""The graph: every use case with its ports, and nothing opened yet."""

from dependency_injector import containers, providers

from cbc_domain.application.health.check_invariants import CheckInvariants
from cbc_domain.application.health.check_readiness import CheckReadiness
from cbc_domain.application.health.compare_printed import ComparePrinted
from cbc_domain.application.health.explain import Explain
from cbc_domain.application.market.observe_market import ObserveMarket
from cbc_domain.application.money.convert_commission import ConvertCommission
from cbc_domain.application.money.expire_credit import ExpireCredit
from cbc_domain.application.money.forgive_debt import ForgiveDebt
from cbc_domain.application.money.grant_credit import GrantCredit, RecordRecharge
from cbc_domain.application.money.record_results import AskVenues, RecordResults, ReviewResults
from cbc_domain.application.money.reverse_commission import ReverseCommission
from cbc_domain.application.money.settle_trades import SettleTrades
from cbc_domain.application.money.show_debts import ShowDebts
from cbc_domain.application.money.show_money import ShowMoney
from cbc_domain.application.people.add_key import AddKey
from cbc_domain.application.people.change_settings import ChangeSettings, ShowSettings
from cbc_domain.application.people.connect_account import ConnectAccount
from cbc_domain.application.people.create_strategy import CreateStrategy
from cbc_domain.application.people.examine_key import ExamineKey
from cbc_domain.application.people.late_key import ExamineLateKey
from cbc_domain.application.people.move_region import MoveRegion
from cbc_domain.application.people.open_session import OpenSession
from cbc_domain.application.people.pause_trading import PauseTrading
from cbc_domain.application.people.register import Register
from cbc_domain.application.people.remove_key import RemoveKey
from cbc_domain.application.people.rotate_keys import RotateKeys
from cbc_domain.application.people.show_keys import ShowKeys
from cbc_domain.application.people.show_member import ShowMember
from cbc_domain.application.people.sign_in import Authenticate, RefreshTokens, SignIn, SignOut
from cbc_domain.application.people.step_up import StepUp
from cbc_domain.application.people.use_keys import UseKeys
from cbc_domain.application.people.verify_email import VerifyEmail
from cbc_domain.application.people.verify_key import VerifyKey
from cbc_domain.application.people.verify_keys import VerifyDueKeys, VerifyKeys
from cbc_domain.application.trading.absorb import News, TradeKeeper
from cbc_domain.application.trading.apply_fills import ApplyFills
from cbc_domain.application.trading.close_position import ClosePosition
from cbc_domain.application.trading.close_positions import ClosePositions
from cbc_domain.application.trading.decide_signal import DecideSignal
from cbc_domain.application.trading.desk import Desk
from cbc_domain.application.trading.emergency import Emergency
from cbc_domain.application.trading.enter_position import EnterPosition
from cbc_domain.application.trading.finish_tasks import FinishTasks
from cbc_domain.application.trading.first_calls import FirstCalls
from cbc_domain.application.trading.follow_accounts import FollowAccounts
from cbc_domain.application.trading.forget_bodies import ForgetBodies
from cbc_domain.application.trading.inject_signal import InjectSignal
from cbc_domain.application.trading.leave_position import LeavePosition
from cbc_domain.application.trading.limit_alerts import LimitAlerts
from cbc_domain.application.trading.look_at_position import LookAtPosition
from cbc_domain.application.trading.market_of import MarketOf
from cbc_domain.application.trading.note_transfers import NoteTransfers
from cbc_domain.application.trading.place_orders import PlaceOrders, Step
from cbc_domain.application.trading.plan_orders import PlanOrders
from cbc_domain.application.trading.preview_trade import PreviewTrade
from cbc_domain.application.trading.protect_positions import ProtectPositions
from cbc_domain.application.trading.receive_signal import ReceiveSignal, SignalIntake
from cbc_domain.application.trading.recognise_sender import RecogniseSender
from cbc_domain.application.trading.reconcile import Reconcile
from cbc_domain.application.trading.show_receipts import ShowReceipts
from cbc_domain.application.trading.show_trading import ShowTrading
from cbc_domain.application.trading.stop_first import StopFirst
from cbc_domain.application.trading.sweep_accounts import SweepAccounts
from cbc_domain.application.trading.watch_risks import WatchRisks
from cbc_domain.ports.cache import Throttle
from cbc_domain.ports.exchange import Exchange
from cbc_domain.ports.executor import Executor
from cbc_domain.ports.notifications import Letters
from cbc_domain.ports.persistence.books import Teller
from cbc_domain.ports.persistence.unit_of_work import Store
from cbc_domain.ports.security import AccessTokens, Passwords, Sealer
from cbc_domain.ports.system import Clock, Identities, OpenCalls, Together
from cbc_domain.ports.venue_keys import KeyExaminer, KeyRing
from cbc_domain.risk.defaults import SystemLimits


class Platform(containers.DeclarativeContainer):
    """Give it the ports (`live` opens them) and it makes every use case."""

    store: providers.Dependency[Store] = providers.Dependency()
    teller: providers.Dependency[Teller] = providers.Dependency()
    exchange: providers.Dependency[Exchange] = providers.Dependency()
    clock: providers.Dependency[Clock] = providers.Dependency()
    identities: providers.Dependency[Identities] = providers.Dependency()
    together: providers.Dependency[Together] = providers.Dependency()
    calls: providers.Dependency[OpenCalls[Step, News]] = providers.Dependency()
    throttle: providers.Dependency[Throttle] = providers.Dependency()
    passwords: providers.Dependency[Passwords] = providers.Dependency()
    tokens: providers.Dependency[AccessTokens] = providers.Dependency()
    sealer: providers.Dependency[Sealer] = providers.Dependency()
    letters: providers.Dependency[Letters] = providers.Dependency()
    key_ring: providers.Dependency[KeyRing] = providers.Dependency()
    examiner: providers.Dependency[KeyExaminer] = providers.Dependency()
    outgoing_addresses: providers.Dependency[tuple[str, ...]] = providers.Dependency(instance_of=tuple)
    process_allows_live: providers.Dependency[bool] = providers.Dependency(instance_of=bool)
    limits = providers.Singleton(SystemLimits)

    register = providers.Factory(
        Register, store=store, clock=clock, identities=identities, passwords=passwords, letters=letters
    )
    verify_email = providers.Factory(VerifyEmail, store=store, clock=clock)
    open_session = providers.Factory(OpenSession, store=store, clock=clock, identities=identities, tokens=tokens)
    sign_in = providers.Factory(SignIn, store=store, passwords=passwords, open_session=open_session)
    refresh_tokens = providers.Factory(
        RefreshTokens, store=store, clock=clock, identities=identities, tokens=tokens, letters=letters
    )
    step_up = providers.Factory(StepUp, store=store, clock=clock, passwords=passwords, tokens=tokens)
    sign_out = providers.Factory(SignOut, store=store, clock=clock)
    authenticate = providers.Factory(Authenticate, store=store, clock=clock, tokens=tokens)
    show_member = providers.Factory(ShowMember, store=store, clock=clock, process_allows_live=process_allows_live)
    show_settings = providers.Factory(ShowSettings, store=store, clock=clock, limits=limits)
    change_settings = providers.Factory(ChangeSettings, store=store, clock=clock, identities=identities, limits=limits)
    move_region = providers.Factory(MoveRegion, store=store, clock=clock, identities=identities)
    pause_trading = providers.Factory(PauseTrading, store=store, clock=clock, identities=identities)
    connect_account = providers.Factory(ConnectAccount, store=store, clock=clock, identities=identities)
    examine_key = providers.Factory(ExamineKey, examiner=examiner)
    add_key = providers.Factory(AddKey, store=store, clock=clock, identities=identities, sealer=sealer, examine=examine_key)
    verify_keys = providers.Factory(
        VerifyKeys,
        store=store,
        clock=clock,
        identities=identities,
        sealer=sealer,
        examine=examine_key,
        together=together,
        letters=letters,
    )
    use_keys = providers.Factory(UseKeys, store=store, exchange=exchange, verify_keys=verify_keys)
    executor: providers.Dependency[Executor] = providers.Dependency(default=use_keys)
    """Who opens keys for the use cases of the API; without one of another process they are opened here."""
    verify_key = providers.Factory(VerifyKey, store=store, executor=executor)
    verify_due_keys = providers.Factory(VerifyDueKeys, store=store, clock=clock, verify=verify_keys)
    show_keys = providers.Factory(ShowKeys, store=store)
    remove_key = providers.Factory(RemoveKey, store=store, clock=clock, identities=identities, letters=letters)
    rotate_keys = providers.Factory(RotateKeys, store=store, clock=clock, identities=identities, sealer=sealer)
    create_strategy = providers.Factory(CreateStrategy, store=store, clock=clock, identities=identities, sealer=sealer)

    observe_market = providers.Factory(ObserveMarket, store=store, identities=identities)
    intake = providers.Factory(SignalIntake, store=store, identities=identities)
    recognise_sender = providers.Factory(RecogniseSender, store=store, sealer=sealer)
    limit_alerts = providers.Factory(LimitAlerts, throttle=throttle)
    receive_signal = providers.Factory(
        ReceiveSignal, store=store, clock=clock, recognise=recognise_sender, limit=limit_alerts, intake=intake
    )
    forget_bodies = providers.Factory(ForgetBodies, store=store, clock=clock)
    inject_signal = providers.Factory(InjectSignal, store=store, clock=clock, intake=intake)
    decide_signal = providers.Factory(DecideSignal, store=store, clock=clock, identities=identities)
    close_signalled = providers.Factory(ClosePositions, store=store, clock=clock, identities=identities)
    market_of = providers.Factory(MarketOf, exchange=exchange, together=together)
    note_transfers = providers.Factory(NoteTransfers, store=store, exchange=exchange, clock=clock, together=together)
    plan_orders = providers.Factory(
        PlanOrders,
        store=store,
        exchange=exchange,
        clock=clock,
        identities=identities,
        decide=decide_signal,
        close_signalled=close_signalled,
        market_of=market_of,
        note_transfers=note_transfers,
        limits=limits,
        process_allows_live=process_allows_live,
    )
    preview_trade = providers.Factory(
        PreviewTrade,
        store=store,
        executor=executor,
        clock=clock,
        identities=identities,
        market_of=market_of,
        limits=limits,
        process_allows_live=process_allows_live,
    )
    desk = providers.Factory(Desk, exchange=exchange, clock=clock, together=together)
    keeper = providers.Factory(TradeKeeper, clock=clock, identities=identities)
    stop_first = providers.Factory(StopFirst, desk=desk, exchange=exchange, clock=clock)
    examine_late_key = providers.Factory(ExamineLateKey, verify=verify_keys)
    enter_position = providers.Factory(
        EnterPosition, desk=desk, stop_first=stop_first, examine_late=examine_late_key, exchange=exchange, clock=clock
    )
    look_at_position = providers.Factory(LookAtPosition, desk=desk, exchange=exchange, clock=clock)
    leave_position = providers.Factory(LeavePosition, desk=desk, look=look_at_position, clock=clock, together=together)
    first_calls = providers.Factory(FirstCalls, enter=enter_position, leave=leave_position, look=look_at_position)
    protect_positions = providers.Factory(
        ProtectPositions,
        desk=desk,
        exchange=exchange,
        clock=clock,
        identities=identities,
        together=together,
        limits=limits,
    )
    finish_tasks = providers.Factory(FinishTasks, clock=clock, identities=identities, limits=limits)
    place_orders = providers.Factory(
        PlaceOrders,
        store=store,
        clock=clock,
        calls=calls,
        first_calls=first_calls,
        protect=protect_positions,
        keeper=keeper,
        finish=finish_tasks,
    )
    apply_fills = providers.Factory(
        ApplyFills, store=store, exchange=exchange, clock=clock, identities=identities, keeper=keeper
    )
    reconcile = providers.Factory(Reconcile, store=store, clock=clock, identities=identities)
    follow_accounts = providers.Factory(FollowAccounts, store=store, exchange=exchange)
    sweep_accounts = providers.Factory(
        SweepAccounts, store=store, exchange=exchange, clock=clock, identities=identities, together=together
    )
    emergency = providers.Factory(Emergency, store=store, clock=clock, identities=identities)
    watch_risks = providers.Factory(WatchRisks, store=store, exchange=exchange, clock=clock, identities=identities)
    close_position = providers.Factory(ClosePosition, store=store, clock=clock, identities=identities)
    show_trading = providers.Factory(ShowTrading, store=store, clock=clock)
    show_receipts = providers.Factory(ShowReceipts, store=store)

    ask_venues = providers.Factory(AskVenues, exchange=exchange, together=together)
    record_results = providers.Factory(RecordResults, store=store, clock=clock, ask=ask_venues)
    review_results = providers.Factory(ReviewResults, store=store, clock=clock, ask=ask_venues)
    settle_trades = providers.Factory(
        SettleTrades, store=store, clock=clock, identities=identities, record_results=record_results
    )
    reverse_commission = providers.Factory(ReverseCommission, store=store, clock=clock, identities=identities)
    convert_commission = providers.Factory(ConvertCommission, store=store, clock=clock, identities=identities)
    forgive_debt = providers.Factory(ForgiveDebt, store=store, clock=clock, identities=identities)
    show_debts = providers.Factory(ShowDebts, store=store, clock=clock)
    grant_credit = providers.Factory(GrantCredit, store=store, clock=clock, identities=identities)
    record_recharge = providers.Factory(RecordRecharge, store=store, clock=clock, identities=identities)
    expire_credit = providers.Factory(ExpireCredit, store=store, clock=clock, identities=identities)
    show_money = providers.Factory(ShowMoney, store=store, clock=clock, process_allows_live=process_allows_live)

    check_invariants = providers.Factory(CheckInvariants, store=store, clock=clock)
    compare_printed = providers.Factory(ComparePrinted, store=store)
    check_readiness = providers.Factory(CheckReadiness, store=store, clock=clock)
    explain = providers.Factory(Explain, store=store)
