"""What becomes of a provider's failures: what a caller who waits is told, and how long a job waits for an answer."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from goldpan.contract.error_catalogue import ErrorKind, Problem
from goldpan.domain.provider_port import ProviderFailure, Unavailable

LONGEST_ANSWER_SECONDS = 65.0  # whatever the provider's own limits: a job must not hang on one that has none


@contextmanager
def failures_explained() -> Iterator[None]:
    """Turn a failure of the provider into UPSTREAM_ERROR."""
    try:
        yield
    except ProviderFailure as failure:
        raise Problem(ErrorKind.UPSTREAM_ERROR, str(failure)) from failure


@asynccontextmanager
async def answered_in_time() -> AsyncIterator[None]:
    """Turn an answer that does not come into a failure, after which the job asks again.

    Raises:
        Unavailable: there was none.
    """
    try:
        async with asyncio.timeout(LONGEST_ANSWER_SECONDS) as limit:
            yield
    except TimeoutError as error:
        if not limit.expired():
            raise
        raise Unavailable(f"The provider did not answer within {LONGEST_ANSWER_SECONDS:.0f} seconds.") from error
