"""What a caller's provider keeps under a name and a job can take for its source: saved searches and lead lists."""

from goldpan.contract.permission_catalogue import Permission
from goldpan.domain.access_rules import Principal
from goldpan.domain.provider_port import NamedSource as NamedSource
from goldpan.operations.toolbox import Toolbox
from goldpan.operations.upstream_failures import failures_explained


def list_saved_searches(toolbox: Toolbox, caller: Principal, account_group_id: str) -> list[NamedSource]:
    """Return the searches that a job may name by `savedSearchId`, the newest first.

    Raises:
        Problem: UPSTREAM_ERROR.
    """
    caller.require(Permission.PROSPECTING_READ, account_group_id)
    with failures_explained():
        return toolbox.provider(caller.is_test).saved_searches(account_group_id)


def list_lead_lists(toolbox: Toolbox, caller: Principal, account_group_id: str) -> list[NamedSource]:
    """Return the lists that a job may name by `leadListId`, the newest first.

    Raises:
        Problem: UPSTREAM_ERROR.
    """
    caller.require(Permission.PROSPECTING_READ, account_group_id)
    with failures_explained():
        return toolbox.provider(caller.is_test).lead_lists(account_group_id)
