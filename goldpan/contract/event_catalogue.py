"""What a live stream of a job tells: the kinds of events, and the shape of their data."""

from collections.abc import Mapping
from enum import StrEnum

from goldpan.contract.resources import (
    Counts,
    JobCredits,
    JobError,
    JobStatus,
    ObjectId,
    Shape,
    Stages,
    StopReason,
    Time,
)


class JobEventKind(StrEnum):
    """How the data line of a server-sent event is to be understood; it stands in its `event` field."""

    PROGRESS = "progress"
    STAGE = "stage"
    FINISHED = "finished"


JOB_EVENTS: Mapping[JobEventKind, str] = {
    JobEventKind.PROGRESS: "a page was worked, a wait has begun, or another worker went on with the job",
    JobEventKind.STAGE: "the job or one of its stages changed its status: started, running, import done, resumed",
    JobEventKind.FINISHED: "the job has ended: completed, failed or cancelled",
}


class JobEvent(Shape):
    """What of a job changes, as it stood after the event: the fields of the same names of the whole job."""

    job_id: ObjectId
    status: JobStatus
    updated_at: Time
    started_at: Time | None
    finished_at: Time | None
    stages: Stages
    error: JobError | None
    stop_reason: StopReason | None
    truncated: bool
    total_available: int | None
    counts: Counts
    credits: JobCredits
    resumes_at: Time | None
