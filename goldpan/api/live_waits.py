"""Holding an answer back until it has something new to say."""

import asyncio
from collections.abc import Awaitable, Callable

from goldpan.api.live_answers import LiveAnswer
from goldpan.api.presenters import Reply


async def wait_for_news(
    live: LiveAnswer,
    reply: Reply,
    seconds: float,
    is_news: Callable[[Reply], bool],
    ask: Callable[[], Awaitable[Reply]],
) -> Reply:
    """Return the first answer that is news, or the last one when `seconds` are over, the job or the connection ends."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    while reply.watched is not None and not is_news(reply):
        if not await live.changed(reply.watched.version, deadline - loop.time()):
            return reply
        reply = await ask()
    return reply
