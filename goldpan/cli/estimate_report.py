"""What `goldpan jobs start --dry-run` prints: an estimate in plain lines."""

from typing import Any

from goldpan.cli.shell_output import print_line

CAPS = {
    "total_available": "there are no more",
    "max_results": "--max-results stops it",
    "plan_cap": "the plan's cap stops it",
    "max_credits": "--max-credits stops it",
    "quota": "the quota stops it",
    "credits": "the credits run out",
}


def print_estimate(estimate: dict[str, Any]) -> None:
    for line in estimate_lines(estimate):
        print_line(line)


def estimate_lines(estimate: dict[str, Any]) -> list[str]:
    total, known, credits, quota = (estimate[name] for name in ("totalAvailable", "known", "credits", "quota"))
    cap = estimate["cap"]
    kind = "new people" if cap["reason"] in ("max_credits", "credits") else "people"
    end = f"ends after: {cap['limit']:,} {kind}, {CAPS[cap['reason']]}"
    lines = [
        estimate["source"],
        "available: " + ("unknown" if total is None else f"{total:,} people"),
        f"at most: {estimate['maxPeople']:,} people",
        f"known: {known['count']:,} of {known['of']:,} looked at; they cost nothing",
        f"new: about {estimate['newPeople']:,} people for {credits['expected']:,} credits",
        f"credits to start: {credits['needed']:,}; available: {credits['available']:,}",
    ]
    if quota:
        lines.append(f"quota {quota['listType']}: {quota['needed']:,}; remaining: {quota['remaining']:,}")
    return [*lines, end if credits["sufficient"] else "The job would not start: there are too few credits."]
