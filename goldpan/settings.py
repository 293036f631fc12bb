"""Every setting in one table; the only place that reads the environment."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Setting:
    name: str
    default: str
    meaning: str
    is_secret: bool = False


TABLE = (
    Setting("GOLDPAN_DATA", "data", "the folder of the embedded database (SQLite)"),
    Setting(
        "GOLDPAN_DATABASE_URL",
        "",
        "a PostgreSQL database to use instead of the embedded one: postgresql://user:password@host/name",
        is_secret=True,
    ),
    Setting(
        "GOLDPAN_REDIS_URL",
        "",
        "a Redis or Valkey in which several API processes count requests together: redis://user:password@host:6379/0",
        is_secret=True,
    ),
    Setting(
        "GOLDPAN_RATE_LIMIT",
        "600/minute",
        "how many requests one API key may make, and how many forms and downloads one session in the console",
    ),
    Setting(
        "GOLDPAN_UNAUTHENTICATED_RATE_LIMIT",
        "300/minute",
        "how many requests without a valid key one address may make before it is told to wait",
    ),
    Setting("GOLDPAN_MAX_FILE_BYTES", str(64 * 1024 * 1024), "how large a file of people may be that is uploaded"),
    Setting(
        "GOLDPAN_QUOTA_LINKEDIN_CLASSIC", "2500", "people from LinkedIn searches in any 24 hours, each account group"
    ),
    Setting("GOLDPAN_QUOTA_SALES_NAVIGATOR", "2500", "the same from Sales Navigator"),
    Setting("GOLDPAN_QUOTA_POST_COMMENTERS", "2500", "the same from the commenters of posts"),
    Setting("GOLDPAN_QUOTA_URL_UPLOAD", "2500", "the same from lists of profiles"),
    Setting(
        "GOLDPAN_METRICS_ADDRESS",
        "",
        "where this process shows its figures to Prometheus, such as 127.0.0.1:9470; empty: nowhere",
    ),
    Setting(
        "GOLDPAN_TRACES_ENDPOINT",
        "",
        "where traces are sent (OTLP over HTTP), such as http://127.0.0.1:4318/v1/traces; empty: nowhere",
    ),
    Setting(
        "GOLDPAN_CONSOLE_ORIGINS",
        "",
        "where people open the console besides this machine's own names, such as https://goldpan.example.com",
    ),
    Setting("GOLDPAN_URL", "http://127.0.0.1:8470", "where the command line finds the API"),
    Setting("GOLDPAN_API_KEY", "", "the API key that the command line uses", is_secret=True),
    Setting("GOLDPAN_PROFILE", "default", "whose address and key of `goldpan login` the command line uses otherwise"),
)


@dataclass(frozen=True, slots=True)
class Settings:
    data: str
    database_url: str
    redis_url: str
    rate_limit: str
    unauthenticated_rate_limit: str
    max_file_bytes: str
    quota_linkedin_classic: str
    quota_sales_navigator: str
    quota_post_commenters: str
    quota_url_upload: str
    metrics_address: str
    traces_endpoint: str
    console_origins: str
    url: str
    api_key: str
    profile: str


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Return the settings of this process; one that is empty has its default."""
    values = {
        setting.name.removeprefix("GOLDPAN_").lower(): environment.get(setting.name) or setting.default
        for setting in TABLE
    }
    return Settings(**values)


def shown(setting: Setting, environment: Mapping[str, str]) -> str:
    """Return the setting's value as it may be shown."""
    value = environment.get(setting.name) or setting.default
    return "(set)" if setting.is_secret and value else value
