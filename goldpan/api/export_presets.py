"""The columns of an export: ours, and those that other tools' importers know by name."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto

from goldpan.contract.export_choices import ExportPreset


class Kind(Enum):
    """What stands in a column's cells."""

    TEXT = auto()
    DOMAIN = auto()  # of a web address: `https://www.acme.example/about` is `acme.example`
    TIME = auto()  # milliseconds since 1970
    FLAG = auto()


@dataclass(frozen=True, slots=True)
class Column:
    """`source` is the attribute of a Member that fills the column."""

    name: str
    source: str
    kind: Kind = Kind.TEXT


# Every field of a prospect, in the order of the API, without provenance: that is a list, and stands in jsonl.
_PLAIN = (
    Column("id", "prospect_id"),
    Column("firstName", "person.first_name"),
    Column("lastName", "person.last_name"),
    Column("name", "person.name"),
    Column("headline", "person.headline"),
    Column("about", "person.about"),
    Column("photoUrl", "person.photo_url"),
    Column("linkedinUrl", "person.linkedin_url"),
    Column("publicIdentifier", "person.public_identifier"),
    Column("companyName", "person.company_name"),
    Column("companyLinkedinIdentifier", "person.company_linkedin_identifier"),
    Column("companyLinkedinUrl", "person.company_linkedin_url"),
    Column("companyIndustry", "person.company_industry"),
    Column("companyWebsite", "person.company_website"),
    Column("companySize", "person.company_size"),
    Column("companyLocation", "person.company_location"),
    Column("title", "person.title"),
    Column("location", "person.location"),
    Column("email", "person.email"),
    Column("emailStatus", "person.email_status"),
    Column("providerId", "person.provider_id"),
    Column("importedAt", "imported_ms", Kind.TIME),
    Column("sandbox", "is_sandbox", Kind.FLAG),
)

# The labels of HubSpot's own contact properties: its importer matches headers to them, whatever their case.
# Docs: https://knowledge.hubspot.com/import-and-export/set-up-your-import-file and
# https://knowledge.hubspot.com/properties/hubspots-default-contact-properties (read 2026-11)
_HUBSPOT = (
    Column("Email", "person.email"),
    Column("First Name", "person.first_name"),
    Column("Last Name", "person.last_name"),
    Column("Job Title", "person.title"),
    Column("Company Name", "person.company_name"),
    Column("Website URL", "person.company_website"),
    Column("Industry", "person.company_industry"),
    Column("LinkedIn URL", "person.linkedin_url"),
)

# HeyReach needs the profile's URL alone. Its importer lets one map any header; these are the names of a lead's fields
# in its API, list/AddLeadsToListV2.
# Docs: https://documenter.getpostman.com/view/23808049/2sA2xb5F75 (read 2026-11)
_HEYREACH = (
    Column("profileUrl", "person.linkedin_url"),
    Column("firstName", "person.first_name"),
    Column("lastName", "person.last_name"),
    Column("companyName", "person.company_name"),
    Column("position", "person.title"),
    Column("emailAddress", "person.email"),
    Column("location", "person.location"),
    Column("summary", "person.headline"),
    Column("about", "person.about"),
)

# The fields of a lemlist lead; a column of any other name becomes a custom variable there.
# Docs: https://developer.lemlist.com/api-reference/objects-definitions/lead (read 2026-11)
_LEMLIST = (
    Column("email", "person.email"),
    Column("firstName", "person.first_name"),
    Column("lastName", "person.last_name"),
    Column("companyName", "person.company_name"),
    Column("linkedinUrl", "person.linkedin_url"),
    Column("picture", "person.photo_url"),
    Column("jobTitle", "person.title"),
    Column("companyDomain", "person.company_website", Kind.DOMAIN),
    Column("industry", "person.company_industry"),
    Column("location", "person.location"),
)

# Apollo wants one of e-mail, LinkedIn URL, company's name or website, the website as a bare domain.
# Docs: https://knowledge.apollo.io/hc/en-us/articles/4409161532045-Import-a-CSV-of-Contacts (read 2026-11)
_APOLLO = (
    Column("First Name", "person.first_name"),
    Column("Last Name", "person.last_name"),
    Column("Title", "person.title"),
    Column("Company Name", "person.company_name"),
    Column("Company Website", "person.company_website", Kind.DOMAIN),
    Column("Contact Email", "person.email"),
    Column("Contact LinkedIn URL", "person.linkedin_url"),
    Column("Company LinkedIn URL", "person.company_linkedin_url"),
    Column("Industry", "person.company_industry"),
)

COLUMNS: Mapping[ExportPreset, tuple[Column, ...]] = {
    ExportPreset.PLAIN: _PLAIN,
    ExportPreset.HUBSPOT: _HUBSPOT,
    ExportPreset.HEYREACH: _HEYREACH,
    ExportPreset.LEMLIST: _LEMLIST,
    ExportPreset.APOLLO: _APOLLO,
}
