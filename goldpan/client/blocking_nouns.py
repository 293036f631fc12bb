"""The API's routes as methods, by noun, blocking: each is the asynchronous one of the same name."""

import functools
from collections.abc import Callable, Coroutine
from typing import Any, Concatenate, ParamSpec

from goldpan.client.audience_calls import AsyncAudiences, AsyncFolders
from goldpan.client.blocking_calls import Blocking, blocking, blocking_iterator, blocking_pages
from goldpan.client.job_calls import AsyncJobs, AsyncRunningJob, JobHandle
from goldpan.client.other_calls import (
    AsyncAccounts,
    AsyncCredits,
    AsyncFiles,
    AsyncProspects,
    AsyncSalesNavigator,
    AsyncServer,
)

P = ParamSpec("P")


class RunningJob(Blocking, JobHandle):
    """A job that was started or resumed."""

    def __init__(self, core: AsyncRunningJob) -> None:
        Blocking.__init__(self, core)
        JobHandle.__init__(self, core.started, core.idempotency_key)

    wait = blocking(AsyncRunningJob.wait)
    follow = blocking_iterator(AsyncRunningJob.follow)


def _running_job(
    method: Callable[Concatenate[Any, P], Coroutine[Any, Any, AsyncRunningJob]],
) -> Callable[Concatenate[Blocking, P], RunningJob]:
    call = blocking(method)

    @functools.wraps(method)
    def start(self: Blocking, /, *args: P.args, **kwargs: P.kwargs) -> RunningJob:
        return RunningJob(call(self, *args, **kwargs))

    return start


class Jobs(Blocking):
    """Prospecting jobs."""

    list = blocking_pages(AsyncJobs.list)
    list_full = blocking_pages(AsyncJobs.list_full)
    get = blocking(AsyncJobs.get)
    start = _running_job(AsyncJobs.start)
    estimate = blocking(AsyncJobs.estimate)
    cancel = blocking(AsyncJobs.cancel)
    resume = _running_job(AsyncJobs.resume)
    follow = blocking_iterator(AsyncJobs.follow)
    wait = blocking(AsyncJobs.wait)
    quota = blocking(AsyncJobs.quota)


class Audiences(Blocking):
    """Named lists of people. One that a job is filling is in no list, and refuses with AudienceNotReady."""

    list = blocking_pages(AsyncAudiences.list)
    prospects = blocking_pages(AsyncAudiences.prospects)
    get = blocking(AsyncAudiences.get)
    navigation = blocking(AsyncAudiences.navigation)
    create = blocking(AsyncAudiences.create)
    change = blocking(AsyncAudiences.change)
    delete = blocking(AsyncAudiences.delete)
    move_prospects = blocking(AsyncAudiences.move_prospects)
    remove_prospects = blocking(AsyncAudiences.remove_prospects)
    export = blocking(AsyncAudiences.export)


class Folders(Blocking):
    """Places for audiences; `audiences.navigation()` shows them."""

    create = blocking(AsyncFolders.create)
    change = blocking(AsyncFolders.change)
    delete = blocking(AsyncFolders.delete)


class Accounts(Blocking):
    """Account groups."""

    list = blocking_pages(AsyncAccounts.list)


class Files(Blocking):
    """Files of people, for jobs of the source file_upload."""

    upload = blocking(AsyncFiles.upload)
    get = blocking(AsyncFiles.get)
    rejects = blocking(AsyncFiles.rejects)


class Prospects(Blocking):
    """People of the account group."""

    find_by_provider_id = blocking(AsyncProspects.find_by_provider_id)


class SalesNavigator(Blocking):
    """Searches and lists that a job can take for its source."""

    saved_searches = blocking(AsyncSalesNavigator.saved_searches)
    lead_lists = blocking(AsyncSalesNavigator.lead_lists)


class Credits(Blocking):
    """What the account group has paid for."""

    get = blocking(AsyncCredits.get)
    ledger = blocking_pages(AsyncCredits.ledger)


class Server(Blocking):
    """The server that answers; these two need no key."""

    health = blocking(AsyncServer.health)
    readiness = blocking(AsyncServer.readiness)
