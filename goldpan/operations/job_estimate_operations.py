"""What a job would find, take and cost if it were started now; nothing is written."""

import asyncio
from dataclasses import dataclass

from goldpan.contract.error_catalogue import ErrorKind, Problem
from goldpan.contract.estimate_resources import CapReason
from goldpan.contract.permission_catalogue import Permission
from goldpan.contract.resources import SourceType, StartJob
from goldpan.domain.access_rules import Principal
from goldpan.domain.credit_rules import price_credits
from goldpan.domain.estimate_rules import Bound, Sample, describe_source, expected_people, first_bound
from goldpan.domain.identity_rules import ProfileRef, canonical_profile_url
from goldpan.domain.intake_rules import Allowance, sort_page
from goldpan.domain.provider_port import Page, Person, ProfileList, ProviderFailure
from goldpan.domain.quota_rules import QuotaState, list_type_of
from goldpan.operations.import_page import UNLIMITED, bearers_of
from goldpan.operations.job_request import FileSource, ParsedSource, parse_source
from goldpan.operations.job_reservation import wanted_reservation
from goldpan.operations.job_start_operations import check_start, find_refusals
from goldpan.operations.page_source import page_of_file
from goldpan.operations.quota_operations import quota_of
from goldpan.operations.toolbox import Toolbox
from goldpan.storage import account_table
from goldpan.storage.account_table import AccountGroup

PROVIDER_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Estimate:
    """`cap` is the bound that ends the job first, probably after `expected_people`, new and known.

    `needed_credits` must be available for it to start; `reserved_credits` are then set aside.
    """

    source_text: str
    source: SourceType
    total_available: int | None
    max_people: int
    cap: Bound
    expected_people: int
    sample: Sample
    new_people: int
    needed_credits: int
    reserved_credits: int
    expected_credits: int
    available_credits: int
    quota: QuotaState | None


@dataclass(frozen=True, slots=True)
class _Plan:
    """A start that would be accepted, if there are credits for it: `most_people` is its bound of people."""

    request: StartJob
    is_sandbox: bool
    group: AccountGroup
    parsed: ParsedSource
    most_people: int
    quota: QuotaState | None


async def estimate_job(toolbox: Toolbox, caller: Principal, account_group_id: str, request: StartJob) -> Estimate:
    """Return what the job would do if it were started now.

    Raises:
        Problem: as `start_job`, but for credits that are short; UPSTREAM_ERROR, the provider has no first page for us.
    """
    caller.require(Permission.PROSPECTING_WRITE, account_group_id)
    plan = await asyncio.to_thread(_plan, toolbox, caller, account_group_id, request)
    page = await _first_page(toolbox, plan)
    sample = await asyncio.to_thread(_sample, toolbox, plan, page)
    return _estimate(plan, _total(page, sample), sample)


def _plan(toolbox: Toolbox, caller: Principal, account_group_id: str, request: StartJob) -> _Plan:
    parsed = parse_source(request)
    refusals = find_refusals(toolbox, caller, account_group_id, request, parsed)
    with toolbox.database.read() as tx:
        group = account_table.read(tx, account_group_id)
        assert group is not None  # an account group is never deleted, and the caller's key reaches this one
        people, _ = check_start(tx, caller, group, request, parsed, refusals)
        quota = quota_of(toolbox, tx, account_group_id, list_type_of(request.source, caller.is_test))
    return _Plan(request, caller.is_test, group, parsed, people, quota)


async def _first_page(toolbox: Toolbox, plan: _Plan) -> Page:
    """Return the first page of the source; a list of profiles is one by itself, and asks nobody."""
    source = plan.parsed.source
    if isinstance(source, FileSource):
        return await asyncio.to_thread(page_of_file, toolbox, plan.group.id, source, None)
    if isinstance(source, ProfileList):
        return Page(tuple(map(_person, source.profiles)), None, len(source.profiles))
    try:
        async with asyncio.timeout(PROVIDER_SECONDS):
            return await toolbox.provider(plan.is_sandbox).fetch_page(plan.group.id, source, None, 0)
    except ProviderFailure as failure:
        raise Problem(ErrorKind.UPSTREAM_ERROR, str(failure)) from failure
    except TimeoutError as error:
        seconds = f"{PROVIDER_SECONDS:.0f}"
        raise Problem(ErrorKind.UPSTREAM_ERROR, f"The provider did not answer within {seconds} seconds.") from error


def _person(profile: ProfileRef) -> Person:
    return Person(canonical_profile_url(profile), profile.public_identifier, profile.provider_id)


def _sample(toolbox: Toolbox, plan: _Plan, page: Page) -> Sample:
    """Return how many of those on the page whom the job would take are new."""
    with toolbox.database.read() as tx:
        bearers = bearers_of(tx, plan.group.id, plan.is_sandbox, page)
    intake = sort_page(page, bearers, set(), Allowance(plan.most_people, UNLIMITED), toolbox.new_id)
    return Sample(len(intake.new), intake.known)


def _total(page: Page, sample: Sample) -> int | None:
    return sample.size if page.total_available is None and page.next_cursor is None else page.total_available


def _estimate(plan: _Plan, total: int | None, sample: Sample) -> Estimate:
    price = price_credits(plan.request.search_emails)
    available = plan.group.credits_available
    wanted = wanted_reservation(plan.request, plan.most_people, price)
    needed = 0 if plan.is_sandbox else wanted.at_least
    bounds = [*_bounds_of_people(plan, total), *_bounds_of_new_people(plan, price)]
    max_people = min(bound.people for bound in bounds if not bound.is_of_new)
    new_people = min([sample.new_among(max_people), *(bound.people for bound in bounds if bound.is_of_new)])
    return Estimate(
        source_text=_describe(plan),
        source=plan.request.source,
        total_available=total,
        max_people=max_people,
        expected_people=expected_people(bounds, sample),
        cap=bounds[-1] if available < needed else first_bound([*_bounds_of_quota(plan), *bounds], sample),
        sample=sample,
        new_people=new_people,
        needed_credits=needed,
        reserved_credits=0 if plan.is_sandbox else min(wanted.credits, available),
        expected_credits=0 if plan.is_sandbox else new_people * price,
        available_credits=available,
        quota=plan.quota,
    )


def _describe(plan: _Plan) -> str:
    source = plan.parsed.source
    if isinstance(source, FileSource):
        return f"uploaded file {source.file_id}"
    return describe_source(source, plan.parsed.repeated)


def _bounds_of_people(plan: _Plan, total: int | None) -> list[Bound]:
    """Return what bounds new and known people together."""
    bounds = [] if total is None else [Bound(CapReason.TOTAL_AVAILABLE, total)]
    if not isinstance(plan.parsed.source, ProfileList | FileSource):
        reason = CapReason.PLAN_CAP if plan.request.max_results is None else CapReason.MAX_RESULTS
        bounds.append(Bound(reason, plan.most_people))
    return bounds


def _bounds_of_quota(plan: _Plan) -> list[Bound]:
    """Return where the job would wait for room in its budget: it takes no fewer people for that."""
    return [] if plan.quota is None else [Bound(CapReason.QUOTA, plan.quota.remaining)]


def _bounds_of_new_people(plan: _Plan, price: int) -> list[Bound]:
    """Return what bounds those who cost something; the balance last."""
    if plan.is_sandbox:
        return []
    bounds = [Bound(CapReason.CREDITS, plan.group.credits_available // price, is_of_new=True)]
    if plan.request.max_credits is not None:
        bounds.insert(0, Bound(CapReason.MAX_CREDITS, plan.request.max_credits // price, is_of_new=True))
    return bounds
