"""A person as the search index holds them: worked out without a database, so that another process may do it."""

from dataclasses import dataclass

from goldpan.domain.directory_rules import GAP, DirectoryRecord, index_tokens, record_keys, with_an_id


@dataclass(frozen=True, slots=True)
class IndexedRecord:
    """A record that has an id, its keys, strongest first, and its document in the words of one kind of database."""

    record: DirectoryRecord
    keys: tuple[str, ...]
    document: str


def index_record(account_group_id: str, record: DirectoryRecord, *, is_sqlite: bool) -> IndexedRecord:
    record = with_an_id(record)
    return IndexedRecord(record, record_keys(record.person), document_of(account_group_id, record, is_sqlite=is_sqlite))


def document_of(account_group_id: str, record: DirectoryRecord, *, is_sqlite: bool) -> str:
    """Return what finds a person: the text that FTS5 cuts into tokens, or a tsvector."""
    tokens = index_tokens(account_group_id, record)
    return " ".join(tokens) if is_sqlite else _tsvector(tokens)


def lexeme(token: str) -> str:
    """Return a token as PostgreSQL reads it, in a tsvector and in a tsquery."""
    return f"'{token}'" if token.isalnum() else "'{}'".format(token.replace("\\", "\\\\").replace("'", "''"))


def _tsvector(tokens: list[str]) -> str:
    places: dict[str, list[str]] = {}
    for place, token in enumerate(tokens, start=1):
        if token != GAP:
            places.setdefault(token, []).append(str(place))
    return " ".join([f"{lexeme(token)}:{','.join(where)}" for token, where in places.items()])
