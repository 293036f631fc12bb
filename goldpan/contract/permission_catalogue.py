"""Every permission that an API key can carry, and what it lets its bearer do."""

from enum import StrEnum


class Permission(StrEnum):
    PROSPECTING_READ = "prospecting:read"
    PROSPECTING_WRITE = "prospecting:write"
    PROSPECTS_READ = "prospects:read"
    AUDIENCES_READ = "audiences:read"
    AUDIENCES_WRITE = "audiences:write"
    WEBHOOKS_READ = "webhooks:read"
    WEBHOOKS_WRITE = "webhooks:write"
    PRIVACY_WRITE = "privacy:write"


MEANINGS = {
    Permission.PROSPECTING_READ: "see prospecting jobs",
    Permission.PROSPECTING_WRITE: "start and cancel prospecting jobs, which spends credits",
    Permission.PROSPECTS_READ: "read people: names, profiles, e-mail addresses",
    Permission.AUDIENCES_READ: "see audiences and folders",
    Permission.AUDIENCES_WRITE: "create and change audiences and folders",
    Permission.WEBHOOKS_READ: "see webhook subscriptions and deliveries",
    Permission.WEBHOOKS_WRITE: "create and change webhook subscriptions",
    Permission.PRIVACY_WRITE: "suppress and erase people",
}
