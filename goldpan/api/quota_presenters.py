"""The quota's parameter, and its state as the shape that goes over the wire."""

from goldpan.api.parameters import Parameter
from goldpan.api.presenters import Reply
from goldpan.contract.paging import format_time
from goldpan.contract.quota_resources import ListType, Quota
from goldpan.domain.quota_rules import QUOTA_TYPES, QuotaState

LIST_TYPE = Parameter(
    "listType",
    "query",
    "list_type",
    ListType,
    ListType.LINKEDIN_CLASSIC,
    f"must be one of {', '.join(ListType)}",
    "Whose budget: that of searches, of Sales Navigator, of commenters of posts, or of lists of profiles.",
    {"type": "string", "enum": list(ListType), "default": ListType.LINKEDIN_CLASSIC},
)


def present_quota(state: QuotaState) -> Reply:
    return Reply(
        200,
        Quota(
            list_type=state.list_type,
            quota_type=QUOTA_TYPES[state.list_type],
            used=state.used,
            limit=state.limit,
            remaining=state.remaining,
            reset_at=format_time(state.reset_ms),
            exhausted=state.is_exhausted,
        ),
    )
