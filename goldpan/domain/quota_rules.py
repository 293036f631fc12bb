"""The budget of people that an account group may take in any 24 hours, one for each list type."""

from collections.abc import Mapping
from dataclasses import dataclass

from goldpan.contract.quota_resources import ListType, QuotaType
from goldpan.contract.resources import SourceType

WINDOW_MS = 24 * 3600 * 1000
DEFAULT_LIMIT = 2_500

QUOTA_TYPES: Mapping[ListType, QuotaType] = {
    ListType.LINKEDIN_CLASSIC: QuotaType.LINKEDIN_CLASSIC_SEARCH,
    ListType.SALES_NAVIGATOR: QuotaType.SALES_NAVIGATOR_SEARCH,
    ListType.POST_COMMENTERS: QuotaType.POST_COMMENTERS,
    ListType.URL_UPLOAD: QuotaType.URL_UPLOAD,
}

LIST_TYPES: Mapping[str, ListType] = {
    SourceType.LINKEDIN_SEARCH: ListType.LINKEDIN_CLASSIC,
    SourceType.SALES_NAVIGATOR: ListType.SALES_NAVIGATOR,
    SourceType.POST_COMMENTERS: ListType.POST_COMMENTERS,
    SourceType.URL_UPLOAD: ListType.URL_UPLOAD,
}
"""Whose budget each source uses; one that is not named here asks nobody for anything, and has none."""


@dataclass(frozen=True, slots=True)
class QuotaLimits:
    """How many people each budget holds."""

    linkedin_classic: int = DEFAULT_LIMIT
    sales_navigator: int = DEFAULT_LIMIT
    post_commenters: int = DEFAULT_LIMIT
    url_upload: int = DEFAULT_LIMIT

    def of(self, list_type: ListType) -> int:
        limit: int = getattr(self, list_type.lower())
        return limit


@dataclass(frozen=True, slots=True)
class QuotaState:
    """One budget at one moment; `reset_ms` is when the oldest use leaves the window, or that moment without any use."""

    list_type: ListType
    used: int
    limit: int
    reset_ms: int

    @property
    def remaining(self) -> int:
        return max(0, self.limit - self.used)

    @property
    def is_exhausted(self) -> bool:
        return self.remaining == 0


def list_type_of(source: str, is_sandbox: bool) -> ListType | None:
    """Return whose budget a job of that source uses; None: none."""
    return None if is_sandbox else LIST_TYPES.get(source)


def window_start(now_ms: int) -> int:
    """Return the time after which a use still counts."""
    return now_ms - WINDOW_MS


def judge(list_type: ListType, used: int, oldest_ms: int | None, limit: int, now_ms: int) -> QuotaState:
    """Return the state of a budget, of which `used` was used within the window, first at `oldest_ms`."""
    return QuotaState(list_type, used, limit, now_ms if oldest_ms is None else oldest_ms + WINDOW_MS)


def seconds_to_reset(state: QuotaState, now_ms: int) -> int:
    """Return the whole seconds until there may be room again, at least one."""
    return max(1, -(-(state.reset_ms - now_ms) // 1000))
