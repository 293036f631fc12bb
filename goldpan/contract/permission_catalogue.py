"""Every permission that an API key can carry, those that no key carries, and what each lets its bearer do."""

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


class OwnerPermission(StrEnum):
    """What only somebody who owns an account group may do: a leaked key must make no keys, and not see who is here."""

    KEYS_WRITE = "keys:write"
    SYSTEM_READ = "system:read"


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

OWNER_MEANINGS = {
    OwnerPermission.KEYS_WRITE: "see, create, roll and revoke API keys",
    OwnerPermission.SYSTEM_READ: "see version, database, queues and workers, which all account groups share",
}
