"""How journals get into the books: one function judges and writes any number of them in one round trip (LED-04, LED-07)."""

from typing import Final

from cbc_adapters.persistence.postgres.tables.ledger_rows import ARGUMENTS, ROWS

_OPEN_ACCOUNTS: Final = """
CREATE FUNCTION number_accounts(new_accounts new_accounts_row[]) RETURNS bigint[] LANGUAGE plpgsql AS $$
DECLARE
    numbers bigint[];
BEGIN
    SELECT array_agg(account.id ORDER BY new.place) INTO numbers
    FROM unnest(new_accounts) WITH ORDINALITY AS new(kind, owner, currency, change, lowest, place)
    LEFT JOIN ledger_accounts AS account USING (owner, kind, currency);
    IF array_position(numbers, NULL) IS NOT NULL THEN
        -- Sorted, so that two who open the same accounts wait for each other in one direction only.
        INSERT INTO ledger_accounts (kind, owner, currency, member, balance)
        SELECT kind, owner, currency, CASE WHEN change IS NOT NULL THEN owner::uuid END,
            CASE WHEN change IS NOT NULL THEN 0 END
        FROM unnest(new_accounts) WITH ORDINALITY AS new(kind, owner, currency, change, lowest, place)
        WHERE numbers[new.place] IS NULL
        ORDER BY kind, owner, currency
        ON CONFLICT (owner, kind, currency) DO NOTHING;
        SELECT array_agg(account.id ORDER BY new.place) INTO numbers
        FROM unnest(new_accounts) WITH ORDINALITY AS new(kind, owner, currency, change, lowest, place)
        JOIN ledger_accounts AS account USING (owner, kind, currency);
    END IF;
    RETURN numbers;
END $$
"""

_WRITE_LOTS: Final = """
CREATE FUNCTION write_lots(new_lots new_lots_row[], new_lot_moves new_lot_moves_row[])
RETURNS uuid LANGUAGE plpgsql AS $$
DECLARE
    used uuid[] := ARRAY(SELECT DISTINCT lot FROM unnest(new_lot_moves));
    kept uuid[];
BEGIN
    INSERT INTO lots
        (id, member, currency, amount, remaining, origin, credited_at, expires_at, granted_until, status, journal)
    SELECT id, member, currency, amount, remaining, origin, credited_at, expires_at, expires_at, status, journal
    FROM unnest(new_lots);
    PERFORM FROM lots WHERE id = ANY (used) ORDER BY id FOR NO KEY UPDATE;
    -- One lot may be used by many journals of a call: what is left is followed through all of them.
    WITH followed AS (
        SELECT move.*, lots.status, lots.remaining - sum(move.amount) OVER so_far AS rest
        FROM unnest(new_lot_moves) WITH ORDINALITY AS move(journal, line, lot, amount, extends_to, expires, place)
        JOIN lots ON lots.id = move.lot
        WINDOW so_far AS (PARTITION BY move.lot ORDER BY move.place)
    ), emptied AS (
        SELECT *, bool_or(rest = 0) OVER (PARTITION BY lot ORDER BY place) AS was_empty FROM followed
    ), named AS (
        SELECT *, CASE
            WHEN rest = 0 AND expires THEN 'EXPIRED'
            WHEN rest = 0 THEN 'USED'
            WHEN amount < 0 AND (status <> 'FROZEN' OR was_empty) THEN 'ACTIVE'
        END AS becomes
        FROM emptied
    ), outcome AS (
        SELECT lot, sum(amount) AS taken, min(rest) AS lowest,
            (array_agg(becomes ORDER BY place DESC) FILTER (WHERE becomes IS NOT NULL))[1] AS becomes,
            (array_agg(extends_to ORDER BY place DESC) FILTER (WHERE extends_to IS NOT NULL))[1] AS extends_to
        FROM named GROUP BY lot
    ), changed AS (
        UPDATE lots SET
            remaining = lots.remaining - outcome.taken,
            status = coalesce(outcome.becomes, lots.status),
            expires_at = coalesce(outcome.extends_to, lots.expires_at)
        FROM outcome
        WHERE lots.id = outcome.lot AND outcome.lowest >= 0
        RETURNING lots.id
    )
    SELECT array_agg(id) INTO kept FROM changed;
    INSERT INTO lot_moves (journal, line, lot, amount, extends_to)
    SELECT journal, line, lot, amount, extends_to FROM unnest(new_lot_moves) WHERE lot = ANY (kept);
    RETURN (SELECT lot FROM unnest(used) AS lot WHERE lot <> ALL (coalesce(kept, '{}')) LIMIT 1);
END $$
"""

_WRITE_DEBTS: Final = """
CREATE FUNCTION write_debts(new_debts new_debts_row[], new_debt_payments new_debt_payments_row[])
RETURNS uuid LANGUAGE plpgsql AS $$
DECLARE
    paid uuid[] := ARRAY(SELECT DISTINCT debt FROM unnest(new_debt_payments));
    kept uuid[];
BEGIN
    INSERT INTO debts (id, member, currency, amount, remaining, cause, origin, created_at, journal)
    SELECT id, member, currency, amount, remaining, cause, origin, created_at, journal FROM unnest(new_debts);
    PERFORM FROM debts WHERE id = ANY (paid) ORDER BY id FOR NO KEY UPDATE;
    WITH outcome AS (
        SELECT debt, sum(amount) AS amount FROM unnest(new_debt_payments) GROUP BY debt
    ), changed AS (
        UPDATE debts SET remaining = debts.remaining - outcome.amount FROM outcome
        WHERE debts.id = outcome.debt AND debts.remaining >= outcome.amount
        RETURNING debts.id
    )
    SELECT array_agg(id) INTO kept FROM changed;
    INSERT INTO debt_payments (journal, line, debt, amount)
    SELECT journal, line, debt, amount FROM unnest(new_debt_payments) WHERE debt = ANY (kept);
    RETURN (SELECT debt FROM unnest(paid) AS debt WHERE debt <> ALL (coalesce(kept, '{}')) LIMIT 1);
END $$
"""

# What is refused undoes the whole call and leaves the caller's transaction alone: a block with a handler is a savepoint.
# Plans are made once and go by index, row by row: right for one journal and for thousands, on empty tables and on full ones.
_POST: Final = f"""
CREATE FUNCTION post_journals({ARGUMENTS}, OUT refusal text, OUT about text[]) LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off SET enable_mergejoin = off SET enable_hashjoin = off AS $$
DECLARE
    numbers bigint[];
    moved bigint[];
    floors bigint;
    written bigint;
    short uuid;
BEGIN
    numbers := number_accounts(new_accounts);
    PERFORM FROM ledger_accounts WHERE id = ANY (numbers) AND balance IS NOT NULL ORDER BY id FOR NO KEY UPDATE;
    GET DIAGNOSTICS floors = ROW_COUNT;

    WITH written AS (
        INSERT INTO journals (id, flow, kind, key, fingerprint, occurred_at, posted_at, actor, reference, reverses)
        SELECT id, flow, kind, key, fingerprint, occurred_at, posted_at, actor, reference::jsonb, reverses
        FROM unnest(new_journals)
        -- Sorted, so that two calls with the same keys wait for each other in one direction only.
        ORDER BY key
        ON CONFLICT (key) DO NOTHING
        RETURNING id
    )
    INSERT INTO unsealed_journals (journal) SELECT id FROM written;
    GET DIAGNOSTICS written = ROW_COUNT;
    IF written < cardinality(new_journals) THEN
        refusal := 'known';
        RAISE SQLSTATE 'LED06';
    END IF;

    WITH changed AS (
        UPDATE ledger_accounts AS account SET balance = account.balance + new.change
        FROM unnest(new_accounts) WITH ORDINALITY AS new(kind, owner, currency, change, lowest, place)
        WHERE new.change IS NOT NULL AND account.id = numbers[new.place] AND account.balance + new.lowest >= 0
        RETURNING account.id
    )
    SELECT array_agg(id) INTO moved FROM changed;
    IF coalesce(cardinality(moved), 0) < floors THEN
        SELECT 'insufficient_funds', ARRAY[kind, owner, currency] INTO refusal, about FROM ledger_accounts
        WHERE id = ANY (numbers) AND balance IS NOT NULL AND id <> ALL (coalesce(moved, '{{}}'))
        ORDER BY array_position(numbers, id) LIMIT 1;
        RAISE SQLSTATE 'LED04';
    END IF;

    INSERT INTO entries (journal, line, account, side, amount)
    SELECT journal, line, numbers[account], side, amount
    FROM unnest(new_entries) WITH ORDINALITY AS entry(journal, line, account, side, amount, place)
    ORDER BY place;

    IF cardinality(new_lots) + cardinality(new_lot_moves) > 0 THEN
        short := write_lots(new_lots, new_lot_moves);
        IF short IS NOT NULL THEN
            SELECT 'insufficient_funds', ARRAY['member_admin', member::text, currency] INTO refusal, about
            FROM lots WHERE id = short;
            IF refusal IS NULL THEN
                refusal := 'unknown_lot';
                about := ARRAY[short::text];
            END IF;
            RAISE SQLSTATE 'LED04';
        END IF;
    END IF;
    IF cardinality(new_debts) + cardinality(new_debt_payments) > 0 THEN
        short := write_debts(new_debts, new_debt_payments);
        IF short IS NOT NULL THEN
            SELECT 'insufficient_funds', ARRAY['member_debt', member::text, currency] INTO refusal, about
            FROM debts WHERE id = short;
            IF refusal IS NULL THEN
                refusal := 'unknown_debt';
                about := ARRAY[short::text];
            END IF;
            RAISE SQLSTATE 'LED04';
        END IF;
    END IF;
    IF cardinality(new_conversions) > 0 THEN
        INSERT INTO conversions
            (journal, paid, paid_currency, covered, covered_currency, rate, provider, provider_at, accepted_at)
        SELECT journal, paid, paid_currency, covered, covered_currency, rate, provider, provider_at, accepted_at
        FROM unnest(new_conversions);
    END IF;
    IF cardinality(new_events) > 0 THEN
        INSERT INTO outbox_events (id, name, subject, occurred_at, data, causation_id, hops)
        SELECT id, name, subject, occurred_at, data::jsonb, causation_id, hops
        FROM unnest(new_events) WITH ORDINALITY
            AS event(id, name, subject, occurred_at, data, causation_id, hops, place)
        ORDER BY place
        ON CONFLICT (id) DO NOTHING;
    END IF;
EXCEPTION WHEN SQLSTATE 'LED04' OR SQLSTATE 'LED06' THEN
    NULL;
END $$
"""

CREATE_LEDGER_FUNCTIONS: Final = (
    *(f"CREATE TYPE {name}_row AS ({columns})" for name, columns in ROWS.items()),
    _OPEN_ACCOUNTS,
    _WRITE_LOTS,
    _WRITE_DEBTS,
    _POST,
)

DROP_LEDGER_FUNCTIONS: Final = (
    "DROP FUNCTION post_journals",
    "DROP FUNCTION write_debts",
    "DROP FUNCTION write_lots",
    "DROP FUNCTION number_accounts",
    *(f"DROP TYPE {name}_row" for name in ROWS),
)

_PLACES: Final = ", ".join(f"${place}" for place, _ in enumerate(ROWS, start=1))

POST_JOURNALS: Final = f"SELECT refusal, about FROM post_journals({_PLACES})"
"""One row: `refusal` is NULL when all of it is written, else nothing is."""
