"""Where `/` leads: the jobs of the account group that was looked at last."""

from starlette.responses import Response

from goldpan.console.visit import Visit


async def start_page(visit: Visit) -> Response:
    assert visit.who is not None
    if not visit.groups:
        return visit.page("no_groups.html")
    ids = [group.id for group in visit.groups]
    last = visit.who.session.account_group_id
    return visit.redirect(visit.path("jobs", accountGroupId=last if last in ids else ids[0]))
