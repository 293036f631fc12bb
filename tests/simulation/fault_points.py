"""Every place where the simulation breaks something, and every way of going on that a run must have seen."""

WRITERS = (
    "job_start_operations.start_job",
    "job_operations.cancel_job",
    "job_resume_operations.resume_job",
    "job_run_operations.claim_job",
    "job_run_operations._note_failure",
    "job_run_operations.fail_job",
    "import_page._write",
    "job_quota.wait_for_room",
    "enrichment_page._write",
    "enrichment_page._complete",
    "careful_step.note_attempt",
    "enrichment_page._pass_over",
    "audience_change_operations.create_audience",
    "audience_change_operations.delete_audience",
    "audience_change_operations.move_or_remove_prospects",
    "file_operations.upload_file",
    "credit_operations.top_up",
    "account_operations.revoke_key",
    "caretaker.make_round",
    "engine.dequeue",
    "engine.record_step",
    "engine.finish",
    "engine.recover",
)
"""Whoever opens a transaction that writes."""

STATEMENT, BEFORE_COMMIT, AFTER_COMMIT = "killed within", "killed before the commit of", "killed after the commit of"
LOCKED, LOST_REPLY = "database locked for", "reply to the commit lost of"

CRASH_POINTS = (
    *(f"{moment} {writer}" for writer in WRITERS for moment in (STATEMENT, BEFORE_COMMIT, AFTER_COMMIT)),
    "killed before upstream.fetch_page",
    "killed after upstream.fetch_page",
    "killed before upstream.enrich",
    "killed after upstream.enrich",
    "killed after the step of a job, before it was noted",
)

DATABASE_FAULTS = tuple(f"{moment} {writer}" for writer in WRITERS for moment in (LOCKED, LOST_REPLY))

BRANCHES = (
    # the provider
    "upstream: 429 with a wish",
    "upstream: 429 that wishes for an hour",
    "upstream: 429 with a wish that is no number of seconds",
    "upstream: 5xx",
    "upstream: no answer in time",
    "upstream: answered, and the answer was lost",
    "upstream: rejected the source",
    "upstream: account disconnected",
    "upstream: garbage",
    "upstream: slow",
    "upstream: a page with people of an earlier one",
    "upstream: pages that shift",
    "upstream: a cursor that leads back",
    "upstream: a person who kills",
    # jobs
    "job: completed",
    "job: failed",
    "job: gave up after all tries of a page",
    "job: went on after a failed try",
    "job: failed at a bug",
    "job: waited for room in its quota",
    "job: left its worker to wait",
    "job: was woken by the caretaker",
    "job: passed over somebody who kills at the import",
    "job: passed over somebody who kills at the enrichment",
    "job: credits ran out",
    "job: cancelled while queued",
    "job: cancelled while running",
    "job: cancelled while enriching",
    "job: broken off in the middle of a step",
    "job: resumed after failed",
    "job: resumed after cancelled",
    "job: asked to resume while active",
    # workers
    "worker: hold lost before the page",
    "worker: hold lost while the page was fetched",
    "worker: a stale one could not note its step",
    "worker: froze past its lease",
    "worker: its jobs were taken over",
    "worker: tried again after the database was away",
    "caretaker: put a job without a workflow into the queue again",
    "caretaker: ended a job whose workflow had ended",
    "caretaker: took up a job that the engine had dropped",
    # clients
    "client: the connection broke, nobody knows",
    "client: told to come back (503)",
    "client: its start was replayed",
    "client: another body under a used key",
    "client: short of credits",
    "client: short of quota",
    "client: key revoked",
    "client: not modified",
    "client: walked the list of jobs",
    "client: walked an audience",
    "client: walked the ledger",
    "client: estimated",
    # clocks
    "clock: set forward",
    "clock: set back",
)
"""Ways of going on that must have been taken, besides crashes and faults of the database."""
