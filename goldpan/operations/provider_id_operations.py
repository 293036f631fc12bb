"""Looking people up by the id that a provider has for them."""

from dataclasses import dataclass

from goldpan.contract.error_catalogue import ErrorKind, InvalidField, Problem
from goldpan.contract.permission_catalogue import Permission
from goldpan.contract.prospecting_resources import Resolution
from goldpan.domain.access_rules import Principal
from goldpan.domain.identity_rules import is_provider_id, provider_key
from goldpan.operations.toolbox import Toolbox
from goldpan.storage.provider_id_table import Match as Match
from goldpan.storage.provider_id_table import find_matches

RULE = "must be 1 to 100 of the characters A-Z a-z 0-9 _ - : as in ACoAA…, ACwAA…, AEMAA…, urn:li:member:123"


@dataclass(frozen=True, slots=True)
class Lookup:
    provider_id: str
    resolution: Resolution
    matches: list[Match]


async def find_prospects_by_provider_id(
    toolbox: Toolbox, caller: Principal, account_group_id: str, provider_id: str
) -> Lookup:
    """Return everybody who may bear the id; every id that holds the same member number finds the same people.

    Raises:
        Problem: MALFORMED_PROVIDER_ID.
    """
    caller.require(Permission.PROSPECTS_READ, account_group_id)
    key = provider_key(provider_id) if is_provider_id(provider_id) else None
    if key is None:
        fields = [InvalidField("path", "providerId", RULE)]
        raise Problem(ErrorKind.MALFORMED_PROVIDER_ID, f"providerId: {RULE}", fields=fields)
    matches = await find_matches(toolbox.database, account_group_id, key)
    resolution = (Resolution.NONE, Resolution.SINGLE, Resolution.MULTIPLE)[min(len(matches), 2)]
    return Lookup(provider_id, resolution, matches)
