"""Go through all jobs, with an asynchronous client: further pages are read on the way."""

import asyncio

from goldpan.client import AsyncGoldpan


async def main() -> None:
    async with AsyncGoldpan() as client:
        async for job in client.jobs.list(status="completed", limit=100):
            print(job.job_id, job.created_at)


asyncio.run(main())
