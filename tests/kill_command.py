"""The command of `bin/kill-test`: so many kills, on SQLite, on a PostgreSQL of its own, or half on each."""

import argparse
import os
import random
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests import postgres_server
from tests.kill_campaign import Campaign, Outcome
from tests.processes import Goldpan

ENDLESS = {"GOLDPAN_QUOTA_LINKEDIN_CLASSIC": "999999999"}
CREDITS = 100_000_000
KILLS_BETWEEN_LINES = 100
DATABASES = {"sqlite": ["sqlite"], "postgresql": ["postgresql"], "both": ["sqlite", "postgresql"]}


def run_campaign(
    folder: Path, database_url: str, kills: int, seed: int, on_check: Callable[[int], None] = lambda _kills: None
) -> Outcome:
    """Make a new installation in `folder`, kill it so many times, and return what happened; `url` empty: SQLite."""
    with Goldpan(folder, database_url, CREDITS, settings=ENDLESS) as goldpan:
        return Campaign(goldpan, kills, seed, on_check).run()


def run_on(database: str, kills: int, seed: int) -> Outcome:
    folder = Path(tempfile.mkdtemp(prefix="goldpan-kills-"))
    server = folder / "postgres"
    try:
        server.mkdir()
        folder.chmod(0o755)
        server.chmod(0o755)
        url = postgres_server.start(server, os.getpid()) if database == "postgresql" else ""
        data = folder / "data"
        data.mkdir()
        return run_campaign(data, url, kills, seed, _tell_progress)
    finally:
        postgres_server.stop(server)
        shutil.rmtree(folder, ignore_errors=True)


def _tell_progress(kills: int) -> None:
    if kills % KILLS_BETWEEN_LINES == 0:
        print(f"{kills} kills, all well", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="bin/kill-test", description=__doc__)
    parser.add_argument("--kills", type=int, default=1000, help="how many, on all databases together")
    parser.add_argument("--database", choices=DATABASES, default="both")
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000), help="chooses places and times")
    options = parser.parse_args()
    databases = DATABASES[options.database]
    for database in databases:
        print(run_on(database, options.kills // len(databases), options.seed), flush=True)


if __name__ == "__main__":
    main()
