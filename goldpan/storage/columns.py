"""The kinds of columns that the tables are made of."""

from dataclasses import fields
from typing import Any

import sqlalchemy as sa
from sqlalchemy import CheckConstraint, Column, ForeignKey, MetaData
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.expression import FunctionElement

from goldpan.domain.provider_port import Person

METADATA = MetaData(
    naming_convention={
        "ix": "%(table_name)s_%(column_0_N_name)s_index",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "ck": "%(table_name)s_%(constraint_name)s_check",
        "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
        "pk": "%(table_name)s_pkey",
    }
)

# Ids and keys are compared byte by byte on both databases: a language's collation would reorder a keyset page.
EXACT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
MILLISECONDS = sa.BigInteger()  # since 1970-01-01 UTC: the precision that the API prints
AUTO_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")  # SQLite numbers only a column of type INTEGER itself


def id_column(
    *constraints: ForeignKey, nullable: bool = False, primary_key: bool = False, name: str = "id"
) -> Column[str]:
    return Column(name, EXACT, *constraints, nullable=nullable, primary_key=primary_key)


def account_group_id_column(primary_key: bool = False) -> Column[str]:
    return id_column(ForeignKey("account_group.id"), name="account_group_id", primary_key=primary_key)


def count_column(name: str, server_default: sa.TextClause | None = None) -> Column[int]:
    rule = CheckConstraint(f"{name} >= 0", name=name)
    return Column(name, sa.Integer, rule, nullable=False, default=0, server_default=server_default)


def status_column(name: str = "status") -> Column[str]:
    statuses = "('queued', 'running', 'completed', 'failed', 'cancelled')"
    return Column(name, sa.Text, CheckConstraint(f"{name} IN {statuses}", name=name), nullable=False)


def audience_type_column(server_default: str | None = None) -> Column[str]:
    rule = CheckConstraint("audience_type IN ('on_demand', 'monitoring')", name="audience_type")
    return Column("audience_type", sa.Text, rule, nullable=False, server_default=server_default)


def progress_column(name: str, status: str) -> tuple[Column[float], CheckConstraint]:
    rule = f"{name} BETWEEN 0 AND 1 AND ({name} = 1) = ({status} = 'completed')"
    return Column(name, sa.Double, nullable=False), CheckConstraint(rule, name=name)


PERSON_FIELDS = tuple(field.name for field in fields(Person))


def person_columns() -> list[Column[str]]:
    return [Column(name, sa.Text) for name in PERSON_FIELDS]


LETTERS_LOOKED_AT = 300
"""How far a text is indexed: three times what may be looked for, as its capitals may be; 2,704 bytes are too many."""


class SmallLetters(FunctionElement[str]):
    """How a column's text begins, with a to z for A to Z, in an order of bytes: the same on both databases."""

    type = sa.Text()
    inherit_cache = True


@compiles(SmallLetters)
def _small_letters(element: SmallLetters, compiler: SQLCompiler, **options: Any) -> str:
    return f"lower(substr({compiler.process(element.clauses, **options)}, 1, {LETTERS_LOOKED_AT}))"


@compiles(SmallLetters, "postgresql")
def _small_letters_on_postgresql(element: SmallLetters, compiler: SQLCompiler, **options: Any) -> str:
    return f'lower(substr({compiler.process(element.clauses, **options)}, 1, {LETTERS_LOOKED_AT}) COLLATE "C")'
