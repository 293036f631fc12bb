"""People whom a job passed over, because one worker after another died of them."""

from typing import Literal

import sqlalchemy as sa

from goldpan.storage.database import Tx
from goldpan.storage.tables import QUARANTINED_PERSON

Stage = Literal["import", "enrichment"]


def add(tx: Tx, account_group_id: str, job_id: str, stage: Stage, place: str, now_ms: int) -> None:
    """Note whom the job passes over: behind so many pages and at which cursor, or the one it took as number `place`."""
    values = {"account_group_id": account_group_id, "job_id": job_id, "stage": stage, "place": place}
    tx.execute(QUARANTINED_PERSON.insert().values(**values, quarantined_ms=now_ms))


def count_of_job(tx: Tx, account_group_id: str, job_id: str) -> int:
    mine = (QUARANTINED_PERSON.c.job_id == job_id) & (QUARANTINED_PERSON.c.account_group_id == account_group_id)
    count: int = tx.execute(sa.select(sa.func.count()).select_from(QUARANTINED_PERSON).where(mine)).scalar_one()
    return count
