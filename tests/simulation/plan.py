"""What one seed does: which processes there are, who asks for what and when, and what goes wrong."""

import random
from dataclasses import dataclass, field, fields

from goldpan.domain.quota_rules import QuotaLimits
from tests.simulation.fault_points import CRASH_POINTS, DATABASE_FAULTS
from tests.simulation.process import EMBEDDED, SCALED, Role
from tests.simulation.upstream import Manners

STORM_SECONDS = 45.0
LONG_STORM_SECONDS = 90.0

# Acts of callers, and how often of all acts.
ACTS = {
    "start": 10,
    "start_together": 2,
    "reuse_key": 1,
    "cancel": 5,
    "resume": 5,
    "top_up": 2,
    "look_twice": 2,
    "walk_jobs": 2,
    "walk_audience": 2,
    "walk_ledger": 1,
    "estimate": 1,
    "create_audience": 1,
    "move": 2,
    "delete_audience": 1,
    "start_file": 2,
    "revoke": 1,
    "spy": 1,
}
SABOTAGE = {
    "freeze": 5,
    "jump": 3,
    "kill": 4,
    "lose_workflow": 1,
    "spoil_workflow": 1,
    "drop_execution": 1,
}

FORGOTTEN = ("lose_workflow", "spoil_workflow")  # what the caretaker's rounds are for

# A fault that is in a rare place comes only where the plan leads there.
NEEDS_ACT = {
    "create_audience": "create_audience",
    "delete_audience": "delete_audience",
    "move_or_remove": "move",
    "upload_file": "start_file",
    "top_up": "top_up",
    "revoke_key": "revoke",
    "cancel_job": "cancel",
    "resume_job": "resume",
}


@dataclass
class Plan:
    roles: tuple[Role, ...]
    quota_limits: QuotaLimits
    manners: Manners
    credits: int
    kills_at_import: bool | None = None  # where the person who kills is met; None: chance says it
    acts: list[tuple[float, str]] = field(default_factory=list)
    sabotage: list[tuple[float, str]] = field(default_factory=list)
    armed: dict[str, int] = field(default_factory=dict)


def make_plan(seed: int) -> Plan:
    chance = random.Random(f"{seed} plan")
    plan = Plan(
        roles=chance.choice((EMBEDDED, SCALED)),
        quota_limits=_quota(chance, 10_000 if chance.random() < 0.8 else chance.choice((4, 9, 15))),
        manners=_manners(chance),
        credits=chance.choice((0, 8, 25, 60, 1_000, 1_000, 1_000)),
    )
    plan.armed = {point: chance.choice((1, 1, 1, 2, 3, 5)) for point in _faults(chance)}
    acts = ["start", "start", *_pick(chance, ACTS, chance.randint(3, 7))]
    plan.acts = [(round(chance.uniform(0, STORM_SECONDS), 3), act) for act in acts]
    sabotage = _pick(chance, SABOTAGE, chance.choice((0, 0, 1, 1, 2)))
    plan.sabotage = [(round(chance.uniform(1, STORM_SECONDS), 3), act) for act in sabotage]
    _lead_to_rare_places(plan, chance)
    plan.acts.sort()
    plan.sabotage.sort()
    return plan


def _quota(chance: random.Random, people: int) -> QuotaLimits:
    return QuotaLimits(people, people, people, people)


def _manners(chance: random.Random) -> Manners:
    """Return a provider that is well-behaved in some worlds, and of one or two bad habits in others."""
    habits = [habit.name for habit in fields(Manners)]
    bad = chance.sample(habits, chance.choice((0, 1, 2, 3)))
    return Manners(**{habit: chance.choice((10, 30, 70)) for habit in bad})


def _faults(chance: random.Random) -> list[str]:
    crashes = chance.sample(CRASH_POINTS, chance.choice((0, 1, 2, 3, 4)))
    return crashes + chance.sample(DATABASE_FAULTS, chance.choice((0, 1, 2, 3)))


def _pick(chance: random.Random, weights: dict[str, int], count: int) -> list[str]:
    return chance.choices(list(weights), list(weights.values()), k=count)


def _lead_to_rare_places(plan: Plan, chance: random.Random) -> None:
    """Change the plan so that a fault in a place that is seldom met will be met."""
    for place, act in NEEDS_ACT.items():
        if _is_armed(plan, place):
            plan.acts += [(round(chance.uniform(10, STORM_SECONDS), 3), act) for _ in range(3)]
    if _is_armed(plan, "fail_job"):
        plan.manners = Manners(garbage=40)
    if _is_armed(plan, "_note_failure"):
        plan.manners = Manners(failing=40, limited=20)
    if _is_armed(plan, "make_round"):
        plan.sabotage += [(round(chance.uniform(1, 20), 3), chance.choice(FORGOTTEN)) for _ in range(3)]
        _prolong(plan, chance)
    if _is_armed(plan, "wait_for_room"):
        plan.quota_limits, plan.credits = _quota(chance, 5), 1_000
        _meet_at_once(plan, "wait_for_room")
        _begin_early(plan, chance)
    if _is_armed(plan, "careful_step") or _is_armed(plan, "_pass_over"):
        # Up to nine deaths come first: of one process, which is soon back, and at people who are there to be met.
        plan.manners, plan.credits, plan.roles = Manners(killing=100), 1_000, EMBEDDED
        plan.kills_at_import = False if _is_armed(plan, "_pass_over") else None
        _meet_at_once(plan, "_pass_over")
        _begin_early(plan, chance)
        _prolong(plan, chance)


def _is_armed(plan: Plan, place: str) -> bool:
    return any(place in point for point in plan.armed)


def _meet_at_once(plan: Plan, place: str) -> None:
    plan.armed = {point: 1 if place in point else times for point, times in plan.armed.items()}


def _begin_early(plan: Plan, chance: random.Random) -> None:
    plan.acts += [(round(chance.uniform(0, 3), 3), "start") for _ in range(3)]


def _prolong(plan: Plan, chance: random.Random) -> None:
    """Let the storm last: it ends with the last act."""
    plan.acts.append((round(LONG_STORM_SECONDS + chance.random(), 3), "look_twice"))
