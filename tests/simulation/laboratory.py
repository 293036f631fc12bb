"""What all seeds of one run share because it costs much and holds no state: the engine, compiled SQL, a template."""

import asyncio
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import anyio.to_thread
import pysqlite3.dbapi2 as sqlite_driver
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from goldpan import assembly
from goldpan.api import http_app
from goldpan.api.documentation_site import DOCUMENTATION_ROUTES
from goldpan.api.openapi import openapi_route
from goldpan.api.rate_limits import RateLimit
from goldpan.api.routes import ROUTES
from goldpan.contract.permission_catalogue import Permission
from goldpan.operations.account_operations import NewKey, create_account, create_key
from goldpan.storage import database as storage_database
from goldpan.storage.database import Database
from tests.invariants import History
from tests.simulation.world import BEGIN_MS, World

_JOBS = f"SELECT {', '.join(History.COLUMNS)} FROM job"


@dataclass(frozen=True)
class Person:
    """Who calls: their account group and keys. `doomed` is the key that the operator may revoke."""

    name: str
    account_group_id: str
    live: str
    test: str
    doomed: str
    doomed_id: str


class Laboratory:
    """One folder with one database, made anew from the template for each seed; `outside` is for who looks at it."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "world.db"
        self._template = folder / "template.db"
        self.world: World | None = None
        self._hot_sql: dict[Any, Any] = {}
        self._databases: list[Database] = []
        self.key_limit = RateLimit("key", "1000000000/minute", lambda: 0.0)
        self.failed_key_limit = RateLimit("address", "1000000000/minute", lambda: 0.0)
        self.people = self._make_template()
        self.outside = Database(f"sqlite:///{self.path}")
        self._watch(self.outside.engine)
        self._replaced = ExitStack()
        self._document = openapi_route([*ROUTES, *DOCUMENTATION_ROUTES])

    def begin(self, world: World) -> None:
        """Give the world an empty database."""
        self.end()
        for suffix in ("", "-wal", "-shm"):
            Path(f"{self.path}{suffix}").unlink(missing_ok=True)
        shutil.copyfile(self._template, self.path)
        self._replaced.enter_context(_replaced(storage_database, "new_engine", lambda _url: self.outside.engine))
        self._replaced.enter_context(_replaced(anyio.to_thread, "run_sync", _run_in_the_loop))
        # The document takes longer to make than all other objects of a process, and tells nothing of it.
        self._replaced.enter_context(_replaced(http_app, "openapi_route", lambda _routes: self._document))
        self.world = world

    def end(self) -> None:
        self.world = None
        self._replaced.close()
        for database in self._databases:
            connection = getattr(database._loop_connections, "connection", None)
            if connection is not None:
                connection.close()
        self._databases.clear()
        self.outside.engine.dispose()

    def open_database(self) -> Database:
        """Return a database as a process that starts would have it; only its SQL is compiled already."""
        database = Database(f"sqlite:///{self.path}")
        database._hot_sql = self._hot_sql
        self._databases.append(database)
        return database

    def _make_template(self) -> dict[str, Person]:
        url = f"sqlite:///{self._template}"
        assembly.migrate(url)
        database = Database(url)
        toolbox = replace(assembly.build_toolbox(database), now_ms=lambda: BEGIN_MS)
        people = {}
        for name in ("alice", "mallory"):
            group = create_account(toolbox, name, "scale", 0).id
            new = NewKey([group], list(Permission))
            doomed_id, doomed = create_key(toolbox, new)
            test = create_key(toolbox, replace(new, is_test=True))[1]
            people[name] = Person(name, group, create_key(toolbox, new)[1], test, doomed, doomed_id)
        with database.write() as tx:  # ids and times of their own would make each run another one
            for number, person in enumerate(people.values()):
                new_id = f"{number + 1:024x}"
                tx.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
                parameters = {"new": new_id, "old": person.account_group_id}
                tx.execute(sa.text("UPDATE account_group SET id = :new WHERE id = :old"), parameters)
                keys = "UPDATE api_key_account_group SET account_group_id = :new WHERE account_group_id = :old"
                tx.execute(sa.text(keys), parameters)
                people[person.name] = replace(person, account_group_id=new_id)
        database.close()
        return people

    def _watch(self, engine: sa.Engine) -> None:
        """Let the world see every statement and commit, and refuse them."""

        def before_statement(_c: Any, _cursor: Any, statement: str, parameters: Any, *_others: Any) -> None:
            refusal = self.world.before_statement(statement) if self.world else None
            if refusal:
                raise OperationalError(statement, parameters, sqlite_driver.OperationalError(refusal))

        sa.event.listen(engine, "before_cursor_execute", before_statement)
        commit: Callable[[Any], None] = engine.dialect.do_commit

        def watched_commit(dbapi_connection: Any) -> None:
            if self.world is None:
                commit(dbapi_connection)
                return
            self.world.before_commit()
            commit(dbapi_connection)
            refusal = self.world.after_commit(lambda: dbapi_connection.execute(_JOBS).fetchall())
            if refusal:
                raise sqlite_driver.OperationalError(refusal)

        engine.dialect.do_commit = watched_commit  # type: ignore[method-assign]


@contextmanager
def _replaced(module: ModuleType, name: str, value: Any) -> Iterator[None]:
    """Let a module have another attribute for the length of the block."""
    before = getattr(module, name)
    setattr(module, name, value)
    try:
        yield
    finally:
        setattr(module, name, before)


async def _run_in_the_loop(function: Callable[..., Any], *arguments: Any, **_options: Any) -> Any:
    """What Starlette asks of a thread is done as everything that asyncio asks of one."""
    return await asyncio.get_running_loop().run_in_executor(None, function, *arguments)
