"""The answer to a start: the job that it started, or with `dryRun` the estimate of it."""

from goldpan.api.presenters import Reply, present_started_job
from goldpan.contract import estimate_resources as shapes
from goldpan.operations.job_estimate_operations import Estimate
from goldpan.operations.job_operations import Job


def present_start(result: Job | Estimate) -> Reply:
    return Reply(200, _estimate(result)) if isinstance(result, Estimate) else present_started_job(result)


def _quota(estimate: Estimate) -> shapes.EstimateQuota | None:
    if estimate.quota is None:
        return None
    return shapes.EstimateQuota(
        list_type=estimate.quota.list_type, needed=estimate.max_people, remaining=estimate.quota.remaining
    )


def _estimate(estimate: Estimate) -> shapes.Estimate:
    return shapes.Estimate(
        dry_run=True,
        source=estimate.source_text,
        source_type=estimate.source,
        total_available=estimate.total_available,
        max_people=estimate.max_people,
        cap=shapes.EstimateCap(reason=estimate.cap.reason, limit=estimate.cap.people),
        known=shapes.EstimateKnown(count=estimate.sample.known, of=estimate.sample.size),
        new_people=estimate.new_people,
        credits=shapes.EstimateCredits(
            needed=estimate.needed_credits,
            expected=estimate.expected_credits,
            available=estimate.available_credits,
            sufficient=estimate.available_credits >= estimate.needed_credits,
        ),
        quota=_quota(estimate),
    )
