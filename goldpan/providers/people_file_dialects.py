"""Who writes people files and how they head their columns: every spelling of a header, and what the column holds."""

from collections.abc import Sequence
from dataclasses import dataclass

from goldpan.domain.directory_rules import fold
from goldpan.domain.search_vocabulary import FUNCTIONS

CONNECTIONS = "LinkedIn Connections.csv"
SALES_NAVIGATOR_EXPORT = "PhantomBuster Sales Navigator export"
SEARCH_EXPORT = "PhantomBuster LinkedIn search export"
APOLLO = "Apollo"
EVABOOT = "Evaboot-style Sales Navigator export"
PARQUET = "Parquet"
OTHER_CSV = "CSV"
URL_LIST = "list of profile URLs"

# What a column can hold -> its header's spellings, best first: of two columns for one thing the better one counts.
_SPELLINGS = {
    "profile_url": """
        Default Profile Url, LinkedIn Profile Url, Person LinkedIn Url, Prospect LinkedIn Url, LinkedIn Url,
        LinkedIn Contact Profile Url, LinkedIn, Profile Url, LinkedIn Profile, LinkedIn Url Public,
        Public Profile Url, LinkedIn Link, Sales Navigator Url, URL
    """,
    "provider_id": "vmid, Provider Id, LinkedIn Id, Profile Id, Member Urn",
    "first_name": "First Name, Given Name, Prospect First Name",
    "last_name": "Last Name, Surname, Family Name, Prospect Last Name",
    "name": "Full Name, Name, Prospect Full Name, Prospect Name, Contact Name",
    "headline": "Headline, LinkedIn Headline, Prospect Headline",
    "about": "Summary, About, Bio",
    "photo_url": "Profile Image Url, Photo Url, Profile Picture Url, Profile Picture",
    "title": """
        Job Title, Title, Position, Prospect Position, Current Job, Current Title, Current Position, Role
    """,
    "location": "Location, Prospect Location, Person Location",
    "city": "City, Person City",
    "state": "State, Region, Person State",
    "country": "Country, Person Country",
    "email": """
        Email, Email Address, E-mail, E-mail Address, Work Email, Business Email, Secondary Email,
        Tertiary Email, Personal Email
    """,
    "email_status": "Email Status",
    "company_name": """
        Company, Company Name, Current Company, Organization, Organisation, Employer, Company Name for Emails
    """,
    "company_id": "Company Id, Company LinkedIn Id",
    "company_url": "Regular Company Url, Company LinkedIn Url, Company Url, LinkedIn Company Url",
    "company_industry": "Industry, Company Industry",
    "company_website": "Website, Company Website, Company Domain, Domain",
    "company_size": """
        # Employees, Employees, Company Size, Company Headcount, Company Employee Count, Company Employee Range,
        Headcount, Number of Employees
    """,
    "company_location": "Company Location, Company Headquarters, Company Address",
    "company_city": "Company City",
    "company_state": "Company State",
    "company_country": "Company Country",
    "school": "School, School Name, University, Education",
    "seniority": "Seniority, Seniority Level",
    "functions": "Departments, Department, Function, Functions",
    "connected_on": "Connected On",
}

# LinkedIn heads its export in the language of the account. From general knowledge, not re-read; a language that is
# missing or spelled otherwise here is told by the order of the columns, which is the same in all.
_LOCALIZED = {
    "first_name": """
        Vorname, Prénom, Nombre, Nome, Nome próprio, Voornaam, Förnamn, Fornavn, Imię, Ad, Adi, Имя, Ім'я, 名,
        名字, 이름, Jméno, Křestní jméno, Prenume, Nama Depan, Etunimi, Keresztnév, الاسم الأول, שם פרטי, Όνομα,
        ชื่อ, Tên
    """,
    "last_name": """
        Nachname, Nom, Nom de famille, Apellidos, Apellido, Sobrenome, Apelido, Cognome, Achternaam, Efternamn,
        Efternavn, Etternavn, Nazwisko, Soyad, Soyadi, Фамилия, Прізвище, 姓, 姓氏, 성, Příjmení, Nume,
        Nume de familie, Nama Belakang, Sukunimi, Vezetéknév, اسم العائلة, الاسم الأخير, שם משפחה, Επώνυμο,
        นามสกุล, Họ
    """,
    "email": """
        E-Mail, E-Mail-Adresse, Adresse e-mail, Courriel, Correo electrónico, Dirección de correo electrónico,
        Dirección de correo, Endereço de e-mail, E-mailadres, E-postadress, E-post, E-postadresse,
        E-mailadresse, Indirizzo email, Indirizzo e-mail, Adres e-mail, E-posta, E-posta Adresi,
        Адрес электронной почты, Эл. почта, Електронна пошта, メールアドレス, 电子邮件, 电子邮件地址, 邮箱,
        電子郵件, 電子郵件地址, 이메일, 이메일 주소, E-mailová adresa, Adresă de e-mail, Adresa de e-mail,
        Alamat Email, Sähköpostiosoite, E-mail-cím, عنوان البريد الإلكتروني, البريد الإلكتروني, כתובת אימייל,
        Διεύθυνση email, อีเมล
    """,
    "company_name": """
        Unternehmen, Firma, Entreprise, Société, Empresa, Azienda, Società, Bedrijf, Företag, Virksomhed,
        Bedrift, Şirket, Компания, Компанія, 会社, 会社名, 公司, 회사, Společnost, Companie, Perusahaan, Yritys,
        Vállalat, الشركة, חברה, Εταιρεία, บริษัท, Công ty
    """,
    "title": """
        Poste, Fonction, Cargo, Puesto, Posición, Posizione, Qualifica, Functie, Befattning, Stilling,
        Stanowisko, Pozisyon, Unvan, Должность, Посада, 役職, 職位, 职位, 직책, 직위, Pozice, Poziție, Funcție,
        Jabatan, Posisi, Asema, Tehtävänimike, Beosztás, Pozíció, المنصب, المسمى الوظيفي, תפקיד, Θέση, ตำแหน่ง,
        Chức vụ
    """,
    "connected_on": """
        Verknüpft am, Vernetzt am, Connecté le, Connexion le, Conectado el, Fecha de conexión, Conectado em,
        Collegato il, Data del collegamento, Verbonden op, Kontakt sedan, Forbundet den, Kontakt siden,
        Data nawiązania kontaktu, Bağlanti kurulma tarihi, Дата установления контакта, つながった日,
        つながり申請日, 连接时间, 聯絡人建立日期, 1촌 맺은 날짜, Datum spojení, Conectat la, Terhubung pada
    """,
}

# In this order in every language; older files have no URL.
CONNECTIONS_LAYOUTS = (
    ("first_name", "last_name", "profile_url", "email", "company_name", "title", "connected_on"),
    ("first_name", "last_name", "email", "company_name", "title", "connected_on"),
)

# The headers that tell a writer of files; the first dialect that has all of one set is it.
_SIGNATURES = (
    (SALES_NAVIGATOR_EXPORT, ("vmid", "defaultprofileurl")),
    (SALES_NAVIGATOR_EXPORT, ("vmid", "isopenlink")),
    (SEARCH_EXPORT, ("vmid", "jobtitle")),
    (SEARCH_EXPORT, ("vmid", "category")),
    (APOLLO, ("personlinkedinurl", "seniority")),
    (APOLLO, ("personlinkedinurl", "#employees")),
    (APOLLO, ("apollocontactid",)),
    (EVABOOT, ("prospectlinkedinurl",)),
    (EVABOOT, ("prospectposition",)),
)

# Told by the file, read for the dialect, kept nowhere.
_UNUSED_FIELDS = {"connected_on"}

# Apollo's words -> Sales Navigator's ids.
_SENIORITIES = {
    "csuite": "310", "cxo": "310", "owner": "320", "founder": "320", "partner": "320", "vp": "300",
    "vicepresident": "300", "head": "220", "director": "220", "manager": "210", "senior": "120", "entry": "110",
    "entrylevel": "110", "intern": "100", "training": "100",
}  # fmt: skip
_DEPARTMENTS = {
    "engineeringtechnical": "8", "engineering": "8", "design": "3", "operations": "18", "product": "19",
    "productmanagement": "19", "medicalhealth": "11", "support": "26", "customersuccess": "26", "hr": "12", "it": "13",
    "projectmanagement": "20", "programmanagement": "20", "accounting": "1", "quality": "22",
}  # fmt: skip


LONGEST_COLUMN_NAME = 200  # what is longer is no name, and is not told again


@dataclass(frozen=True, slots=True)
class ColumnUse:
    """What a column of the file was taken for; `field` is None where it is ignored."""

    column: str
    field: str | None


@dataclass(frozen=True, slots=True)
class Header:
    """The head of a file: `fields` tells of each column what it holds, None: nothing that we know."""

    columns: tuple[str, ...]
    fields: tuple[str | None, ...]

    def count(self) -> int:
        return sum(field is not None for field in self.fields)

    def is_usable(self) -> bool:
        """Return whether such columns can tell one person from another."""
        known = set(self.fields)
        has_name = "name" in known or {"first_name", "last_name"} <= known
        return bool(known & {"profile_url", "provider_id", "email"}) or (has_name and "company_name" in known)

    def uses(self) -> tuple[ColumnUse, ...]:
        pairs = zip(self.columns, self.fields, strict=True)
        return tuple(ColumnUse(column, None if field in _UNUSED_FIELDS else field) for column, field in pairs)

    def places(self) -> dict[str, list[int]]:
        """Return for every known field the places of its columns, best first."""
        found: dict[str, list[int]] = {}
        for index, field in enumerate(self.fields):
            if field and field not in _UNUSED_FIELDS:
                found.setdefault(field, []).append(index)
        for places in found.values():
            places.sort(key=lambda index: _RANKS.get(squeeze(self.columns[index]), 0))
        return found


def squeeze(header: str) -> str:
    """Return a header without what its spellings differ in: case, accents, spaces, underscores, marks but for the #."""
    return "".join(letter for letter in fold(header) if letter.isalnum() or letter == "#")


def read_header(columns: Sequence[str]) -> Header:
    """Return what the columns hold, by their names alone."""
    names = tuple(column[:LONGEST_COLUMN_NAME] for column in columns)
    return Header(names, tuple(_FIELDS.get(squeeze(name)) for name in names))


def name_dialect(header: Header) -> str:
    """Return who wrote a CSV with this head."""
    squeezed = {squeeze(column) for column in header.columns}
    for name, needed in _SIGNATURES:
        if squeezed.issuperset(needed):
            return name
    return CONNECTIONS if "connected_on" in header.fields else OTHER_CSV


def seniority_of(word: str | None) -> str | None:
    """Return Sales Navigator's id of a level as a file spells it; None: we know no such level."""
    return _SENIORITIES.get(squeeze(word)) if word else None


def functions_of(words: str | None) -> str | None:
    """Return Sales Navigator's ids for `Sales, Marketing`, separated by one space; None: we know none of them."""
    if not words:
        return None
    ids = (_DEPARTMENT_IDS.get(squeeze(word)) for word in words.replace(";", ",").split(","))
    return " ".join(dict.fromkeys(id_ for id_ in ids if id_)) or None


def _by_spelling(*tables: dict[str, str]) -> dict[str, str]:
    return {
        squeeze(spelling): field
        for table in tables
        for field, spellings in table.items()
        for spelling in spellings.split(",")
    }


_FIELDS = _by_spelling(_LOCALIZED, _SPELLINGS)
_RANKS = {
    squeeze(spelling): rank for spellings in _SPELLINGS.values() for rank, spelling in enumerate(spellings.split(","))
}
_DEPARTMENT_IDS = {squeeze(name): id_ for id_, name in FUNCTIONS.items()} | _DEPARTMENTS
