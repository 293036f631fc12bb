"""The heads of people files as their writers spell them, and ways to write such files and read them back."""

import zipfile
from pathlib import Path

from goldpan.domain.provider_port import Person
from goldpan.providers.people_files import Row, read_people

PREAMBLE = (
    "Notes:\r\n"
    '"When exporting your connection data, you may notice that some of the email addresses are missing. You will only '
    'see email addresses for connections who have allowed their connections to see or download theirs"\r\n'
    "\r\n"
)
HEADER = "First Name,Last Name,URL,Email Address,Company,Position,Connected On\r\n"
ADA = "Ada,Lovelace,https://www.linkedin.com/in/ada-l,,Acme,CTO,15 Mar 2024\r\n"
SALES_NAVIGATOR_HEADER = (
    "profileUrl,fullName,firstName,lastName,companyName,title,companyId,companyUrl,regularCompanyUrl,summary,"
    "titleDescription,industry,companyLocation,location,durationInRole,durationInCompany,pastExperienceCompanyName,"
    "pastExperienceCompanyUrl,pastExperienceCompanyTitle,pastExperienceDate,pastExperienceDuration,connectionDegree,"
    "profileImageUrl,sharedConnectionsCount,name,vmid,linkedInProfileUrl,isPremium,isOpenLink,query,timestamp,"
    "defaultProfileUrl"
)
SEARCH_HEADER = (
    "profileUrl,fullName,connectionDegree,timestamp,category,query,firstName,lastName,headline,location,vmid,"
    "linkedinProfileUrl,company,companyUrl,industry,company2,jobTitle,jobDateRange,jobTitle2,jobDateRange2,school,"
    "schoolDegree,schoolDateRange,school2,schoolDegree2,schoolDateRange2,additionalInfo"
)
APOLLO_HEADER = (
    "First Name,Last Name,Title,Company,Company Name for Emails,Email,Email Status,Primary Email Source,"
    "Email Confidence,Primary Email Catch-all Status,Primary Email Last Verified At,Seniority,Departments,"
    "Contact Owner,Work Direct Phone,Home Phone,Mobile Phone,Corporate Phone,Other Phone,Stage,Lists,Last Contacted,"
    "Account Owner,# Employees,Industry,Keywords,Person Linkedin Url,Website,Company Linkedin Url,Facebook Url,"
    "Twitter Url,City,State,Country,Company Address,Company City,Company State,Company Country,Company Phone,"
    "Technologies,Annual Revenue,Total Funding,Latest Funding,Latest Funding Amount,Last Raised At,Subsidiary of,"
    "Email Sent,Email Open,Email Bounced,Replied,Demoed,Number of Retail Locations,Apollo Contact Id,"
    "Apollo Account Id,Secondary Email,Secondary Email Source,Tertiary Email,Tertiary Email Source"
)
EVABOOT_HEADER = (
    "First Name,Last Name,Prospect Position,Company Name,Company Domain,Company Industry,Prospect Connections,"
    "Years in Position,Years in Company,Email,Email Status,Prospect Linkedin URL"
)
ADA_ID = "ACwAAAdbzRUBAAAAAAAAAAAAAAAAAAAAAAAAAAA"


def read(path: Path, content: str | bytes) -> list[Row]:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return list(read_people(path).rows)


def read_one(path: Path, content: str | bytes) -> Person:
    (row,) = read(path, content)
    assert row.person is not None, row.reject_reason
    return row.person.person


def row_of(header: str, **cells: str) -> str:
    return header + "\n" + ",".join(f'"{cells.pop(name, "")}"' for name in header.split(",")) + "\n"


def reasons(rows: list[Row]) -> dict[int, str]:
    return {row.line_number: row.reject_reason for row in rows if row.reject_reason}


def zip_of(path: Path, **files: str) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path
