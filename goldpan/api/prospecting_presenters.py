"""Who an id belongs to, and what a provider keeps, as the shapes that go over the wire."""

from dataclasses import asdict

from goldpan.api.presenters import Reply
from goldpan.contract.prospecting_resources import (
    ProspectMatch,
    ProviderIdProspectLookup,
    SalesNavigatorItem,
    SalesNavigatorList,
)
from goldpan.operations import provider_id_operations, sales_navigator_operations


def present_lookup(lookup: provider_id_operations.Lookup) -> Reply:
    matches = [ProspectMatch(person_id=match.prospect_id, **asdict(match)) for match in lookup.matches]
    return Reply(
        200,
        ProviderIdProspectLookup(provider_id=lookup.provider_id, resolution=lookup.resolution, matches=matches),
    )


def present_named_sources(sources: list[sales_navigator_operations.NamedSource]) -> Reply:
    items = [SalesNavigatorItem(id=source.id, name=source.name) for source in sources]
    return Reply(200, SalesNavigatorList(items=items))
