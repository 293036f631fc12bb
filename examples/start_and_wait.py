"""Start a job, watch it work, and print its receipt."""

import argparse

from goldpan.client import Goldpan

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("search_url", help="a people search of LinkedIn or Sales Navigator")
arguments = parser.parse_args()

with Goldpan() as client:  # GOLDPAN_API_KEY and GOLDPAN_URL say who calls, and where
    job = client.jobs.start(source="linkedin_search", search_url=arguments.search_url, max_results=50)
    for change in job.follow():
        print(f"{change.job.status}: {change.job.counts.imported} new, {change.job.counts.known} known")
    receipt = job.wait()
    print(f"{receipt.status} ({receipt.stop_reason}), {receipt.credits.spent} credits, audience {receipt.audience_id}")
