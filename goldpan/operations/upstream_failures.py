"""What a caller who waits for a provider is told when it fails."""

from collections.abc import Iterator
from contextlib import contextmanager

from goldpan.contract.error_catalogue import ErrorKind, Problem
from goldpan.domain.provider_port import ProviderFailure


@contextmanager
def failures_explained() -> Iterator[None]:
    """Turn a failure of the provider into UPSTREAM_ERROR."""
    try:
        yield
    except ProviderFailure as failure:
        raise Problem(ErrorKind.UPSTREAM_ERROR, str(failure)) from failure
