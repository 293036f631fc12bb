"""The figures of this process, for Prometheus: what is counted here, wherever it happens.

A label has a handful of values that the code knows: never an id, a name or anything else that a caller sends.
"""

from prometheus_client import Counter, Gauge, Histogram, disable_created_metrics

disable_created_metrics()  # type: ignore[no-untyped-call]

_REQUEST_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 30.0)
_CALL_BUCKETS = (0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)

REQUEST_SECONDS = Histogram(
    "goldpan_request_seconds",
    "From a request to the end of its answer; an answer that waits or streams counts for as long as it was open",
    ("method", "route", "status"),
    buckets=_REQUEST_BUCKETS,
)
RATE_LIMIT_REFUSALS = Counter("goldpan_rate_limit_refusals", "Requests over a limit", ("limit",))
LIVE_ANSWERS = Gauge("goldpan_live_answers", "Streams and waits that are open")
CRASHES = Counter("goldpan_crashes", "Bugs: what ended in an error that nobody foresaw", ("place",))

JOB_MOVES = Counter("goldpan_job_moves", "Jobs that came to a status", ("status",))
PEOPLE = Counter("goldpan_people", "People that jobs found, by what became of them", ("outcome",))
CREDITS = Counter("goldpan_credits", "Credits that moved, by the ledger's word for it", ("movement",))

PROVIDER_SECONDS = Histogram(
    "goldpan_provider_call_seconds", "Calls to providers", ("provider", "call", "result"), buckets=_CALL_BUCKETS
)
PAGE_FAILURES = Counter("goldpan_page_failures", "Pages that a provider did not give, by what followed", ("outcome",))
DATABASE_RETRIES = Counter("goldpan_database_retries", "Steps of jobs tried again, the database having been away")

CARETAKER_FINDINGS = Counter(
    "goldpan_caretaker_findings", "Jobs that nobody would have gone on with; there should be none", ("finding",)
)
QUARANTINED_PEOPLE = Counter(
    "goldpan_quarantined_people", "People that jobs passed over: they killed worker after worker"
)
RECOVERED_WORKERS = Counter("goldpan_recovered_workers", "Dead workers whose jobs this one handed on")

# Series that are there before anything happened: an alert on something that never was sees nothing.
for _limit in ("key", "address", "sign_in", "sign_in_address"):
    RATE_LIMIT_REFUSALS.labels(_limit)
for _place in ("request", "job", "caretaker", "lease"):
    CRASHES.labels(_place)
for _status in ("queued", "running", "completed", "failed", "cancelled"):
    JOB_MOVES.labels(_status)
for _outcome in ("imported", "known", "duplicate", "suppressed", "invalid", "failed"):
    PEOPLE.labels(_outcome)
for _movement in ("top_up", "reserve", "capture", "release"):
    CREDITS.labels(_movement)
for _outcome in ("retry", "end"):
    PAGE_FAILURES.labels(_outcome)
for _finding in ("stranded", "dropped"):
    CARETAKER_FINDINGS.labels(_finding)
