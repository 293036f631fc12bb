"""The names and ids of people search, and what a job title says of seniority and function."""

import re
from enum import StrEnum


class SearchField(StrEnum):
    """What of a person a criterion looks at."""

    KEYWORDS = "keywords"
    TITLE = "title"
    PAST_TITLE = "past_title"
    COMPANY = "company"
    PAST_COMPANY = "past_company"
    FIRST_NAME = "first_name"
    LAST_NAME = "last_name"
    SCHOOL = "school"
    LOCATION = "location"
    INDUSTRY = "industry"
    HEADCOUNT = "headcount"
    SENIORITY = "seniority"
    FUNCTION = "function"
    OTHER = "other"


HEADCOUNTS = {
    "A": "Self-employed",
    "B": "1-10",
    "C": "11-50",
    "D": "51-200",
    "E": "201-500",
    "F": "501-1,000",
    "G": "1,001-5,000",
    "H": "5,001-10,000",
    "I": "10,001+",
}

SENIORITIES = {
    "100": "In Training",
    "110": "Entry Level",
    "120": "Senior",
    "130": "Strategic",
    "200": "Entry Level Manager",
    "210": "Experienced Manager",
    "220": "Director",
    "300": "Vice President",
    "310": "CXO",
    "320": "Owner/Partner",
}

# 17 and 19 to 26 from general knowledge, not re-read
FUNCTIONS = {
    "1": "Accounting",
    "2": "Administrative",
    "3": "Arts and Design",
    "4": "Business Development",
    "5": "Community and Social Services",
    "6": "Consulting",
    "7": "Education",
    "8": "Engineering",
    "9": "Entrepreneurship",
    "10": "Finance",
    "11": "Healthcare Services",
    "12": "Human Resources",
    "13": "Information Technology",
    "14": "Legal",
    "15": "Marketing",
    "16": "Media and Communication",
    "17": "Military and Protective Services",
    "18": "Operations",
    "19": "Product Management",
    "20": "Program and Project Management",
    "21": "Purchasing",
    "22": "Quality Assurance",
    "23": "Real Estate",
    "24": "Research",
    "25": "Sales",
    "26": "Customer Success and Support",
}

# Parameters of a LinkedIn search, in lower case, and filter types of Sales Navigator.
TEXT_PARAMETERS = {
    "keywords": SearchField.KEYWORDS,
    "titlefreetext": SearchField.TITLE,
    "title": SearchField.TITLE,
    "company": SearchField.COMPANY,
    "firstname": SearchField.FIRST_NAME,
    "lastname": SearchField.LAST_NAME,
    "school": SearchField.SCHOOL,
    "schoolfreetext": SearchField.SCHOOL,
}
ID_PARAMETERS = {
    "geourn": SearchField.LOCATION,
    "currentcompany": SearchField.COMPANY,
    "pastcompany": SearchField.PAST_COMPANY,
    "industry": SearchField.INDUSTRY,
    "schoolfilter": SearchField.SCHOOL,
    "network": SearchField.OTHER,
    "profilelanguage": SearchField.OTHER,
    "servicecategory": SearchField.OTHER,
    "connectionof": SearchField.OTHER,
    "followerof": SearchField.OTHER,
}
FILTER_TYPES = {
    "CURRENT_COMPANY": SearchField.COMPANY,
    "PAST_COMPANY": SearchField.PAST_COMPANY,
    "REGION": SearchField.LOCATION,
    "GEOGRAPHY": SearchField.LOCATION,
    "SENIORITY_LEVEL": SearchField.SENIORITY,
    "SENIORITY": SearchField.SENIORITY,
    "FUNCTION": SearchField.FUNCTION,
    "INDUSTRY": SearchField.INDUSTRY,
    "COMPANY_HEADCOUNT": SearchField.HEADCOUNT,
    "CURRENT_TITLE": SearchField.TITLE,
    "TITLE": SearchField.TITLE,
    "PAST_TITLE": SearchField.PAST_TITLE,
    "SCHOOL": SearchField.SCHOOL,
    "FIRST_NAME": SearchField.FIRST_NAME,
    "LAST_NAME": SearchField.LAST_NAME,
}
# What LinkedIn's page calls the filters whose parameters say something else (from general knowledge, not re-read).
_FILTER_NAMES = {
    "titlefreetext": "Title",
    "firstname": "First name",
    "lastname": "Last name",
    "schoolfreetext": "School",
    "geourn": "Locations",
    "currentcompany": "Current company",
    "pastcompany": "Past company",
    "schoolfilter": "School",
    "network": "Connections",
    "profilelanguage": "Profile language",
    "servicecategory": "Service categories",
    "connectionof": "Connections of",
    "followerof": "Followers of",
    "region": "Geography",
}
LABELS = {
    SearchField.HEADCOUNT: HEADCOUNTS,
    SearchField.SENIORITY: SENIORITIES,
    SearchField.FUNCTION: FUNCTIONS,
}

# Parameters of a search URL that say where it was opened or how it is shown, not whom it finds; in lower case.
NOISE_PARAMETERS = frozenset(
    {
        "origin",
        "sid",
        "page",
        "searchid",
        "searchsessionid",
        "sessionid",
        "viewallfilters",
        "spellcorrectionenabled",
        "recentsearchparam",
        "recentsearchid",
        "savedsearchid",
        "lipi",
        "licu",
        "lici",
        "trk",
        "trkinfo",
        "trackingid",
        "refid",
        "midtoken",
        "midsig",
        "trkemail",
        "eid",
        "otptoken",
        "rcm",
        "originalsubdomain",
        "position",
        "heroentitykey",
        "suggestedentities",
        "rslogid",
        "loghistory",
        "dologhistory",
        "dofetchherocard",
        "lastviewedat",
        "_ntb",
        "fbclid",
        "gclid",
    }
)

_LARGEST_OF_HEADCOUNT = {"A": 0, "B": 10, "C": 50, "D": 200, "E": 500, "F": 1_000, "G": 5_000, "H": 10_000}

# One or two words of a title to the seniority they show; "" shows none and keeps its words from showing another.
_SENIORITY_WORDS = {
    "100": "intern, trainee, apprentice, student, internship, werkstudent",
    "110": "junior, jr, entry level, graduate, assistant, receptionist, clerk",
    "120": "senior, sr, lead",
    "130": "principal, distinguished, staff engineer, staff software",
    "200": "supervisor, assistant manager, team lead, team leader, shift manager, foreman",
    "210": "manager, mgr, gm",
    "220": "director, head, chief staff, partner director",
    "300": "vp, svp, evp, avp, vice president",
    "310": "ceo, cto, cfo, coo, cmo, cio, ciso, chro, cpo, cro, cdo, cso, cco, clo, cxo, chief, president, chairman, "
    "chairwoman, chairperson",
    "320": "owner, founder, cofounder, partner, proprietor",
    "": "product owner, process owner, system owner, business partner, hr partner, people partner, talent partner, "
    "channel partner, partner manager, partner success, partner marketing, partner development, partner account, "
    "partner sales, partner engineer, lead generation, lead gen",
}

_FUNCTION_WORDS = {
    "1": "accounting, accountant, bookkeeper, auditor, audit, tax, controller, payroll",
    "2": "administrative, administration, receptionist, secretary, clerk, office manager, executive assistant, "
    "personal assistant",
    "3": "designer, design, ux, ui, illustrator, artist, creative, photographer",
    "4": "business development, partnerships, alliances",
    "5": "social worker, community services",
    "6": "consultant, consulting, advisor, adviser",
    "7": "teacher, professor, lecturer, education, instructor, tutor",
    "8": "engineer, engineering, developer, architect, programmer, devops, sre, cto, chief technology",
    "9": "founder, cofounder, entrepreneur, owner",
    "10": "finance, financial, cfo, treasurer, treasury, investment, banker",
    "11": "nurse, physician, doctor, healthcare, clinical, pharmacist, therapist, dentist",
    "12": "hr, human resources, recruiter, recruiting, recruitment, talent, people operations, people partner, chro, "
    "chief people, payroll",
    "13": "it, information technology, cio, ciso, sysadmin, network administrator, system administrator, "
    "systems administrator, information security, cybersecurity, chief information, devops, cto, "
    "chief technology",
    "14": "legal, lawyer, attorney, counsel, solicitor, paralegal, clo, compliance",
    "15": "marketing, marketer, cmo, seo, brand, growth, demand generation, chief marketing",
    "16": "journalist, editor, writer, communications, media, pr, public relations, copywriter, producer",
    "17": "military, police, army, navy, firefighter, officer cadet",
    "18": "operations, operation, coo, logistics, supply chain, warehouse, chief operating",
    "19": "product manager, product management, product owner, product lead, cpo, chief product, head product, "
    "vp product, president product, director product",
    "20": "project manager, project management, program manager, programme manager, program management, "
    "scrum master, pmo",
    "21": "purchasing, procurement, buyer, sourcing",
    "22": "qa, quality, tester, quality assurance",
    "23": "realtor, real estate, property",
    "24": "research, researcher, scientist",
    "25": "sales, salesperson, account executive, account manager, sdr, bdr, cro, chief revenue, chief sales",
    "26": "customer success, customer support, customer service, support",
}

_WORD = re.compile(r"[^\W_]+")
_ASSISTANT_TO = re.compile(r"\bassistant to\b.*", re.DOTALL)
_FILLERS = {"of", "the", "and", "for", "in"}


def _by_words(table: dict[str, str]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for id, words in table.items():
        for term in words.split(", "):
            found[term] = (*found.get(term, ()), id)
    return found


_SENIORITY_OF_WORDS = _by_words(_SENIORITY_WORDS)
_FUNCTIONS_OF_WORDS = _by_words(_FUNCTION_WORDS)


def filter_name(parameter: str) -> str:
    """Return what people know a filter by: `geoUrn` is “Locations”, `PAST_TITLE` is “Past title”."""
    name = _FILTER_NAMES.get(parameter.lower(), parameter.replace("_", " "))
    return name.capitalize() if name.isupper() else name[:1].upper() + name[1:]


def headcount_of(employees: int) -> str:
    """Return the letter of HEADCOUNTS for a company with so many employees; none at all is Self-employed."""
    for letter, largest in _LARGEST_OF_HEADCOUNT.items():
        if employees <= largest:
            return letter
    return "I"


def seniority_of_title(title: str) -> str | None:
    """Return the id of SENIORITIES that the English words of `title` show best; None: they show none.

    The highest rank wins, except that an intern or trainee is not a manager: "Trainee Sales Manager" is 100.
    """
    found = [id for ids in _look_up(_SENIORITY_OF_WORDS, title) for id in ids if id]
    highest = max(found, default=None)
    if "100" in found and highest in ("110", "120", "130", "200", "210"):
        return "100"
    return highest


def functions_of_title(title: str) -> tuple[str, ...]:
    """Return the ids of FUNCTIONS that the English words of `title` show, each once, in the order of the words."""
    return tuple(dict.fromkeys(id for ids in _look_up(_FUNCTIONS_OF_WORDS, title) for id in ids))


def _look_up(table: dict[str, tuple[str, ...]], title: str) -> list[tuple[str, ...]]:
    """Return what `table` says of each word of `title`, left to right; a known pair counts as the pair only."""
    own = _ASSISTANT_TO.sub("assistant", title.casefold())
    words = [word for word in _WORD.findall(own) if word not in _FILLERS]
    found, index = [], 0
    while index < len(words):
        pair = " ".join(words[index : index + 2])
        term = pair if pair in table else words[index]
        found.append(table.get(term, ()))
        index += 1 + (term == pair and term != words[index])
    return found
