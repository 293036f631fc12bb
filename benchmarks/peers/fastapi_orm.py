"""The list endpoint as it is usually written: FastAPI, pydantic and SQLAlchemy's ORM, a session and a `def` a request.

It does less than Goldpan, to its own advantage: no rate limit, no log line, no strict parameters, no extra headers, and
of the job it maps those columns only that the list shows.
"""

import base64
import hashlib
import hmac
import json
import os
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any

from fastapi import Depends, FastAPI, HTTPException, Query
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel
from sqlalchemy import Engine, ForeignKey, create_engine, make_url, select, tuple_
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, joinedload, mapped_column, relationship

CONNECTIONS = 40  # as many as FastAPI has threads, so that none waits for another


def make_engine(url: str) -> Engine:
    if url.startswith("sqlite"):
        import pysqlite3.dbapi2  # Goldpan's SQLite

        return create_engine(url, module=pysqlite3.dbapi2, pool_size=CONNECTIONS)
    return create_engine(make_url(url).set(drivername="postgresql+psycopg"), pool_size=CONNECTIONS)


# --- the tables ---------------------------------------------------------------------------------------------------


class Base(DeclarativeBase):
    pass


class ApiKeyAccountGroup(Base):
    __tablename__ = "api_key_account_group"

    api_key_id: Mapped[str] = mapped_column(ForeignKey("api_key.id"), primary_key=True)
    account_group_id: Mapped[str] = mapped_column(primary_key=True)


class ApiKey(Base):
    __tablename__ = "api_key"

    id: Mapped[str] = mapped_column(primary_key=True)
    secret_hash: Mapped[bytes]
    permissions: Mapped[str]
    expires_ms: Mapped[int | None]
    revoked_ms: Mapped[int | None]
    account_groups: Mapped[list[ApiKeyAccountGroup]] = relationship()


class Job(Base):
    __tablename__ = "job"

    id: Mapped[str] = mapped_column(primary_key=True)
    account_group_id: Mapped[str]
    status: Mapped[str]
    created_ms: Mapped[int]
    updated_ms: Mapped[int]


# --- the shapes ---------------------------------------------------------------------------------------------------


class JobStatus(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Shape(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


class JobSummary(Shape):
    job_id: str
    type: str = "prospecting"
    status: JobStatus
    created_at: str
    updated_at: str


class JobList(Shape):
    items: list[JobSummary]
    next_cursor: str | None
    has_more: bool


class JobListResponse(Shape):
    success: bool = True
    data: JobList
    error: dict[str, Any] | None = None
    trace_id: str


def format_time(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def encode_cursor(job: Job) -> str:
    plain = json.dumps({"createdAt": format_time(job.created_ms), "id": job.id}, separators=(",", ":"))
    return base64.urlsafe_b64encode(plain.encode()).rstrip(b"=").decode()


def decode_cursor(text: str) -> tuple[int, str]:
    try:
        place = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        return round(datetime.fromisoformat(place["createdAt"]).timestamp() * 1000), place["id"]
    except (ValueError, KeyError) as error:
        raise HTTPException(400, "cursor: must be a nextCursor of this list") from error


# --- the endpoint -------------------------------------------------------------------------------------------------

engine = make_engine(os.environ["PEER_DATABASE_URL"])
app = FastAPI()


def get_session() -> Iterator[Session]:
    with Session(engine) as session:
        yield session


SessionDependency = Annotated[Session, Depends(get_session)]
Bearer = Annotated[HTTPAuthorizationCredentials, Depends(HTTPBearer())]


def get_api_key(session: SessionDependency, bearer: Bearer) -> ApiKey:
    prefix, _, secret = bearer.credentials.rpartition("_")
    key_id = prefix.rpartition("_")[2]
    query = select(ApiKey).options(joinedload(ApiKey.account_groups)).where(ApiKey.id == key_id)
    key = session.scalars(query).unique().one_or_none()
    secret_hash = hashlib.sha256(secret[:32].encode()).digest()
    if key is None or not hmac.compare_digest(secret_hash, bytes(key.secret_hash)):
        raise HTTPException(401, "Invalid or missing API key")
    if key.revoked_ms is not None or (key.expires_ms is not None and key.expires_ms <= time.time() * 1000):
        raise HTTPException(401, "Invalid or missing API key")
    return key


@app.get("/v1/accounts/{account_group_id}/prospecting")
def list_jobs(
    account_group_id: str,
    session: SessionDependency,
    key: Annotated[ApiKey, Depends(get_api_key)],
    cursor: str | None = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 25,
    status: JobStatus | None = None,
) -> JobListResponse:
    reached = {group.account_group_id for group in key.account_groups}
    if "prospecting:read" not in key.permissions.split() or account_group_id not in reached:
        raise HTTPException(403, "Missing required permission or access")
    query = select(Job).where(Job.account_group_id == account_group_id)
    if status is not None:
        query = query.where(Job.status == status)
    if cursor is not None:
        query = query.where(tuple_(Job.created_ms, Job.id) < tuple_(*decode_cursor(cursor)))
    query = query.order_by(Job.created_ms.desc(), Job.id.desc()).limit(limit + 1)
    jobs = session.scalars(query).all()
    has_more = len(jobs) > limit
    items = [
        JobSummary(
            job_id=job.id,
            status=JobStatus(job.status),
            created_at=format_time(job.created_ms),
            updated_at=format_time(job.updated_ms),
        )
        for job in jobs[:limit]
    ]
    next_cursor = encode_cursor(jobs[limit - 1]) if has_more else None
    return JobListResponse(
        data=JobList(items=items, next_cursor=next_cursor, has_more=has_more), trace_id=uuid.uuid4().hex
    )
