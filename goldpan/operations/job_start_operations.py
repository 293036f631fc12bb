"""Starting a prospecting job: nothing before it is sure, everything in one transaction."""

from dataclasses import replace

from goldpan.contract.audience_resources import AudienceType
from goldpan.contract.error_catalogue import ErrorKind, InvalidField, Problem, invalid, invalid_body
from goldpan.contract.permission_catalogue import Permission
from goldpan.contract.resources import JobStatus, StartJob
from goldpan.domain.access_rules import Principal
from goldpan.domain.credit_rules import PLAN_CAPS, price_credits
from goldpan.domain.provider_port import ProfileList, Refusal
from goldpan.operations.audience_operations import check_exists
from goldpan.operations.file_operations import existing_file
from goldpan.operations.folder_operations import check_folder
from goldpan.operations.job_event import note_event
from goldpan.operations.job_request import FileSource, ParsedSource, encode_request, hash_request, parse_source
from goldpan.operations.job_reservation import credits_to_reserve, wanted_reservation
from goldpan.operations.quota_operations import refuse_exhausted
from goldpan.operations.source_words import describe_stored, name_for
from goldpan.operations.toolbox import Toolbox
from goldpan.operations.upstream_failures import failures_explained
from goldpan.storage import account_table, audience_table, credit_table, job_table, uploaded_file_table
from goldpan.storage.account_table import AccountGroup
from goldpan.storage.audience_table import Audience
from goldpan.storage.database import Tx
from goldpan.storage.job_table import Job, KeyUse, Replay

# A test key must not be answered with the job of a live one, though both reach the same account group.
ENDPOINTS = {False: "POST /prospecting", True: "POST /prospecting (sandbox)"}
IDEMPOTENCY_KEY_LIFETIME_MS = 7 * 24 * 3600 * 1000


def start_job(
    toolbox: Toolbox, caller: Principal, account_group_id: str, request: StartJob, idempotency_key: str | None
) -> Job:
    """Start a job, or return the one that the same Idempotency-Key started before.

    The key, the job, its reservation and its place in the engine's queue are one transaction: all or nothing.

    Raises:
        Problem: the body is wrong, the audience unknown, the key was used with another body, credits are short,
            the quota is used up.
    """
    caller.require(Permission.PROSPECTING_WRITE, account_group_id)
    assert not request.dry_run  # that is `estimate_job`'s
    parsed = parse_source(request)
    use = _key_use(caller, request, idempotency_key)
    refusals: list[InvalidField] = []
    failure = None
    try:
        refusals = find_refusals(toolbox, caller, account_group_id, request, parsed)
    except Problem as problem:
        failure = problem  # not for whoever repeats a start that was accepted
    with toolbox.database.write() as tx:
        group = account_table.lock(tx, account_group_id)
        assert group is not None  # an account group is never deleted, and the caller's key reaches this one
        earlier = _earlier_use(toolbox, tx, account_group_id, use)
        if earlier is not None and use is not None and earlier.request_hash == use.request_hash:
            return earlier.job  # it was accepted then, whatever the plan or the provider would say now
        if failure is not None:
            raise failure
        people, audience = check_start(tx, caller, group, request, parsed, refusals)
        if earlier is not None:
            raise Problem(ErrorKind.IDEMPOTENCY_KEY_REUSED, "Idempotency-Key: take a new key for a new job")
        job = _new_job(toolbox, caller, group, request, people)
        refuse_exhausted(toolbox, tx, job)
        if audience is None:
            audience = _new_audience(toolbox, tx, job, request, parsed)
        audience_table.change_filling_jobs(tx, account_group_id, audience.id, +1)
        job = replace(job, audience_id=audience.id, duplicate=parsed.repeated, found=parsed.repeated)
        _store(toolbox, tx, job, request)
        if use is not None:
            job_table.add_key_use(tx, account_group_id, job, use)
    return job


def find_refusals(
    toolbox: Toolbox, caller: Principal, account_group_id: str, request: StartJob, parsed: ParsedSource
) -> list[InvalidField]:
    """Return what the provider cannot answer: a filter that it drops in silence finds the wrong people.

    It may have to look: outside of the transaction, which would wait for it.
    """
    caller.require(Permission.PROSPECTING_WRITE, account_group_id)
    if isinstance(parsed.source, FileSource):
        return []
    with failures_explained():
        refusals = toolbox.provider(caller.is_test).refusals(account_group_id, parsed.source)
    given = {"savedSearchId": "searchUrl", "leadListId": "searchUrl"} if request.search_url is not None else {}
    return [InvalidField("body", given.get(each.part, each.part), _why(caller, each)) for each in refusals]


def _why(caller: Principal, refusal: Refusal) -> str:
    is_helped = refusal.sandbox_answers and not caller.is_test
    return f"{refusal.reason}, or {caller.way_to_the_sandbox}" if is_helped else refusal.reason


def check_start(
    tx: Tx,
    caller: Principal,
    group: AccountGroup,
    request: StartJob,
    parsed: ParsedSource,
    refusals: list[InvalidField],
) -> tuple[int, Audience | None]:
    """Return how many people the job may take at the most, and the audience it shall fill; None: a new one.

    Raises:
        Problem: there are `refusals`, `maxResults` is too large, the file or the audience unknown or unfit.
    """
    caller.require(Permission.PROSPECTING_WRITE, group.id)
    if refusals:
        raise invalid(refusals)
    return _most_people(tx, group, request, parsed), _given_audience(tx, caller, group.id, request)


def _key_use(caller: Principal, request: StartJob, idempotency_key: str | None) -> KeyUse | None:
    if idempotency_key is None:
        return None
    return KeyUse(ENDPOINTS[caller.is_test], idempotency_key, hash_request(request))


def _earlier_use(toolbox: Toolbox, tx: Tx, account_group_id: str, use: KeyUse | None) -> Replay | None:
    if use is None:
        return None
    return job_table.find_replay(tx, account_group_id, use, toolbox.now_ms() - IDEMPOTENCY_KEY_LIFETIME_MS)


def _most_people(tx: Tx, group: AccountGroup, request: StartJob, parsed: ParsedSource) -> int:
    """Return how many people the job may take at the most."""
    if isinstance(parsed.source, FileSource):
        return existing_file(uploaded_file_table.find(tx, group.id, parsed.source.file_id)).distinct_count
    if isinstance(parsed.source, ProfileList):
        return len(parsed.source.profiles)
    cap = PLAN_CAPS[group.plan]
    if request.max_results is not None and request.max_results > cap:
        raise invalid_body("maxResults", f"must be at most {cap}, the cap of the plan {group.plan}")
    return request.max_results or cap


def _given_audience(tx: Tx, caller: Principal, account_group_id: str, request: StartJob) -> Audience | None:
    if request.folder_id is not None:
        check_folder(tx, account_group_id, request.folder_id, AudienceType.ON_DEMAND)
    if request.audience_id is None:
        return None
    audience = check_exists("audienceId", audience_table.read(tx, account_group_id, request.audience_id))
    if audience.is_sandbox != caller.is_test:
        raise invalid_body(
            "audienceId", "invented people and real ones do not share an audience: take another or a new one"
        )
    return audience


def _new_job(toolbox: Toolbox, caller: Principal, group: AccountGroup, request: StartJob, people: int) -> Job:
    now_ms = toolbox.now_ms()
    price = price_credits(request.search_emails)
    wanted = wanted_reservation(request, people, price)
    return Job(
        id=toolbox.new_id(),
        account_group_id=group.id,
        status=JobStatus.QUEUED,
        source=request.source,
        is_sandbox=caller.is_test,
        audience_id="",
        created_ms=now_ms,
        updated_ms=now_ms,
        max_results=people,
        max_credits=request.max_credits,
        price_credits=price,
        search_emails=request.search_emails,
        credits_reserved=0 if caller.is_test else credits_to_reserve(group, wanted),
    )


def _new_audience(toolbox: Toolbox, tx: Tx, job: Job, request: StartJob, parsed: ParsedSource) -> Audience:
    name = request.audience_name or name_for(_source_words(tx, job, parsed), job.created_ms)
    audience = Audience(
        toolbox.new_id(), job.account_group_id, name, request.source, job.is_sandbox, 0, 0, job.created_ms
    )
    audience = replace(audience, folder_id=request.folder_id)
    audience_table.add(tx, job.account_group_id, audience)
    return audience


def _source_words(tx: Tx, job: Job, parsed: ParsedSource) -> str:
    if not isinstance(parsed.source, FileSource):
        return describe_stored(parsed)
    return existing_file(uploaded_file_table.find(tx, job.account_group_id, parsed.source.file_id)).name


def _store(toolbox: Toolbox, tx: Tx, job: Job, request: StartJob) -> None:
    job_table.add(tx, job.account_group_id, job, encode_request(request))
    note_event(tx, None, job.account_group_id, job.id, job.created_ms)
    if job.credits_reserved:
        entry = credit_table.Entry(toolbox.new_id(), job.created_ms, job.id, page=0)
        if not credit_table.reserve(tx, job.account_group_id, entry, job.credits_reserved):
            raise AssertionError("the balance changed under the account group's lock")
    toolbox.enqueue_job(tx, job)
