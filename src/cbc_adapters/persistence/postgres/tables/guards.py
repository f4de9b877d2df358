"""What the database itself refuses: changed history, and journals that do not balance (LED-02, LED-05, KEY-12)."""

from typing import Final

_BOOKS: Final = ("journals", "entries", "lot_moves", "debt_payments", "conversions", "seals")
HISTORY: Final = (*_BOOKS, "key_audit", "account_transfers")
"""Tables whose rows are only ever added."""

_REFUSE_CHANGE: Final = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are only ever added, was %', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'integrity_constraint_violation';
END $$
"""

# Once for a statement, not for a row: a batch of postings pays for one look at what it added.
_REFUSE_UNBALANCED: Final = """
CREATE FUNCTION refuse_unbalanced() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    faulty uuid;
BEGIN
    SELECT entry.journal INTO faulty
    FROM added AS entry JOIN ledger_accounts AS account ON account.id = entry.account
    GROUP BY entry.journal, account.currency
    HAVING sum(CASE entry.side WHEN 'D' THEN entry.amount ELSE -entry.amount END) <> 0
    LIMIT 1;
    IF faulty IS NOT NULL THEN
        RAISE EXCEPTION 'journal % does not sum to zero per currency', faulty
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$
"""

_ZERO_SUM: Final = """
CREATE TRIGGER zero_sum AFTER INSERT ON entries
REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION refuse_unbalanced()
"""


def guard_history(table: str) -> tuple[str, str]:
    """The statements after which rows of a table are only ever added."""
    return (
        f"CREATE TRIGGER only_added BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change()",
        f"CREATE TRIGGER never_emptied BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
    )


CREATE_GUARDS: Final = (
    _REFUSE_CHANGE,
    _REFUSE_UNBALANCED,
    _ZERO_SUM,
    *(trigger for table in _BOOKS for trigger in guard_history(table)),
)
"""Statements that follow the creation of the tables."""

DROP_GUARDS: Final = ("DROP FUNCTION refuse_unbalanced() CASCADE", "DROP FUNCTION refuse_change() CASCADE")
"""Statements that undo them; the triggers go with their functions."""
