"""Given names, family names, places, companies and titles from which sandbox and sample people are put together."""

import unicodedata
from typing import NamedTuple


class Name(NamedTuple):
    """A name in its own script, and its spelling in a to z for slugs and e-mail addresses."""

    text: str
    ascii: str


class Culture(NamedTuple):
    """Names that go together. No `family` names: people go by one name; `pattern` says which one comes first.

    `titles` are what people do at work in their own language.
    """

    given: tuple[Name, ...]
    family: tuple[Name, ...]
    places: tuple[str, ...]
    pattern: str = "{given} {family}"
    titles: tuple[str, ...] = ()


# what Unicode does not take apart into a letter and its accent
_PLAIN_LETTERS = str.maketrans(
    {"ß": "ss", "ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "ð": "d", "þ": "th", "ı": "i"}
)


def to_ascii(text: str) -> str:
    """Return `text` in small letters without accents; letters of other scripts fall away."""
    letters = unicodedata.normalize("NFKD", text.casefold().translate(_PLAIN_LETTERS))
    return letters.encode("ascii", "ignore").decode()


def _names(table: str) -> tuple[Name, ...]:
    """Read "Zoë Мария=mariya de_Vries": blanks part the names, `_` is a blank inside one, `=` gives the spelling."""
    names = []
    for entry in table.replace("\n", " ").split():
        text, _, spelling = unicodedata.normalize("NFC", entry.replace("_", " ")).partition("=")
        names.append(Name(text, spelling or to_ascii(text)))
    return tuple(names)


CULTURES: tuple[Culture, ...] = (
    Culture(  # English
        _names("Abigail Brendan Charlotte Declan Fiona Graham Imogen Jasper Mary-Kate Nigel Rosalind Tobias"),
        _names("O'Hanlon Ashdown McKitterick Fairweather St._Aubrey Hollowell Pemberly Quigley Wainscott Thistlewood"),
        ("London Area, United Kingdom", "Austin, Texas, United States", "Dublin, Ireland", "Perth, Australia"),
    ),
    Culture(  # Irish
        _names("Aoife Caoimhe Ciarán Éabha Oisín Pádraig Sadhbh Tadhg"),
        _names("Ó_Súilleabháin Ní_Bhriain Mac_Giolla Ó_Dálaigh Nic_Dhòmhnaill Mag_Uidhir"),
        ("Cork, Ireland", "Galway, Ireland"),
    ),
    Culture(  # French
        _names("Aurélie Baptiste Chloé Dieudonné Élodie François Gaëlle Jean-Noël Maëlys Thérèse"),
        _names("Beaupré d'Aubigny de_La_Roselière Lefèvre L'Hénoret Châtelain Garçon-Moreau Noël Saint-Clément"),
        ("Lyon, Auvergne-Rhône-Alpes, France", "Montréal, Québec, Canada", "Dakar, Senegal"),
        titles=("Directrice générale", "Responsable commercial, Grands comptes", "Chef de produit"),
    ),
    Culture(  # Spanish
        _names("Álvaro Begoña Íñigo Joaquín Lucía María_José Martín Nuria Úrsula Ximena"),
        _names("Peñalver Núñez_Arce Ibáñez de_la_Cueva Quiñones Echeverría Güell Zúñiga_Rey Yáñez"),
        ("Bogotá, Colombia", "Greater Madrid Metropolitan Area", "Mérida, Yucatán, Mexico", "Córdoba, Argentina"),
        titles=("Jefe de Ventas", "Directora de Tecnología (CTO)", "Gerente General"),
    ),
    Culture(  # Portuguese
        _names("Antônio Beatriz Conceição Fabrício Gonçalo Inês João Luísa Simão Vitória"),
        _names("d'Ávila da_Conceição dos_Anjos Guimarães Magalhães Simões Araújo e_Silva Brandão Falcão"),
        ("São Paulo, Brazil", "Porto, Portugal", "Luanda, Angola"),
        titles=("Diretor de Vendas", "Gerente de Projetos, América Latina"),
    ),
    Culture(  # Italian
        _names("Niccolò Chiara Fabrizio Ginevra Ilaria Lodovico Nicolò Ottavia Salvatore Tecla"),
        _names("Dell'Acqua D'Agostini De_Santis Bellandi Forlì Lo_Presti Cantù Degli_Innocenti Zanetti"),
        ("Bologna, Emilia-Romagna, Italy", "Turin, Piedmont, Italy"),
    ),
    Culture(  # German
        _names("Änne Björn Dörte Friederike Günther Hans-Jürgen Käthe Lüder Sören Ulrike"),
        _names("von_der_Heyde Großkopf Weißenfels Müllerschön zu_Lindenau Jäger-Brandt Strößner Öhlmann Kürschner"),
        ("Köln, North Rhine-Westphalia, Germany", "Zürich, Switzerland", "Graz, Styria, Austria"),
        titles=("Geschäftsführerin", "Leiter Vertrieb, Süd", "Prokurist"),
    ),
    Culture(  # Dutch
        _names("Anouk Bram Daniël Femke Geertje Joost Loïs Maarten Noël Sjoerd"),
        _names("van_der_Veldt 't_Hoen de_Graaff van_'t_Woud ter_Beek Op_den_Kamp van_den_Bossche Brouwershof"),
        ("Utrecht, Netherlands", "Antwerp, Flemish Region, Belgium", "Paramaribo, Suriname"),
    ),
    Culture(  # Nordic
        _names("Åse Øystein Bjørg Þórdís Guðrún Håkon Märta Jörgen Sæmundur Kærsti"),
        _names("Ødegaardsen Ångholm Sjöqvist Hafsteinsdóttir Bjørnevik af_Ekensund Lækjarson Nygårdh Fjellström"),
        ("Tromsø, Norway", "Malmö, Skåne County, Sweden", "Reykjavík, Iceland", "Aarhus, Denmark"),
    ),
    Culture(  # Finnish and Estonian
        _names("Aino Päivi Väinö Jüri Õnne Tõnu Yrjänä Helmi"),
        _names("Hämäläinen-Korpi Järvikoski Mäenpää Põldsepp Tähtinen Kütt Ylöstalo Äärelä"),
        ("Tampere, Finland", "Tartu, Estonia"),
    ),
    Culture(  # Polish
        _names("Łucja Błażej Grażyna Jędrzej Małgorzata Michał Róża Święcisława Żaneta Stanisław"),
        _names("Brzęczyk Dąbrowiecki Gołąb Jabłońska-Zięba Krzywoń Śliwkowski Wójcikiewicz Źrebiec Żółtowski"),
        ("Łódź, Łódzkie, Poland", "Kraków, Małopolskie, Poland"),
    ),
    Culture(  # Czech and Slovak
        _names("Bořivoj Ctirad Eliška Jiří Květa Ľubomír Řehoř Šárka Zdeněk"),
        _names("Dvořáček Hřebíček Kučerová Němcová Příhoda Šťastný Vrběcký Žďárská"),
        ("Brno, South Moravia, Czechia", "Košice, Slovakia"),
    ),
    Culture(  # Hungarian
        _names("Ágota Csongor Előd Győző Ildikó Özséb Tünde Zsófia"),
        _names("Áchim Csörgő Fűzfás Gyöngyösi Kővágó Ördöngös Szűcsné Tűzkő"),
        ("Győr, Hungary", "Szeged, Hungary"),
        "{family} {given}",
    ),
    Culture(  # Romanian and South Slavic, Latin letters
        _names("Ștefania Ioniță Răzvan Đurđica Željko Anđela Šime Țucu"),
        _names("Brâncovan Țepuș Vădăstreanu Čolakić Đurašević Ljubičić Žgajnar Ćopić"),
        ("Iași, Romania", "Niš, Serbia", "Zagreb, Croatia"),
    ),
    Culture(  # Turkish
        _names("Ayşegül Çağlar Gökçe İbrahim Işıl Özgür Şebnem Tuğrul Ülkü"),
        _names("Ağaoğlusu Çelikbaş Gündoğan İnceoğlan Işıklar Öztürkmen Şahinkaya Yıldızhan"),
        ("İzmir, Türkiye", "Ankara, Türkiye"),
    ),
    Culture(  # Russian
        _names("Алёна=alyona Борис=boris Вероника=veronika Глеб=gleb Ксения=ksenia Тимофей=timofey Юлия=yulia"),
        _names("Белозёров=belozyorov Журавкин=zhuravkin Соловушкин=solovushkin Щукарь=shchukar Ясенев=yasenev"),
        ("Almaty, Kazakhstan", "Riga, Latvia", "Tbilisi, Georgia"),
        titles=("Руководитель отдела продаж", "Технический директор"),
    ),
    Culture(  # Ukrainian and Bulgarian
        _names("Оксана=oksana Їжак=yizhak Євген=yevhen Богдана=bohdana Цветан=tsvetan Соломія=solomiya Ярина=yaryna"),
        _names("Ґудзенко=gudzenko Щербань=shcherban Дем'янчук=demianchuk Калинів=kalyniv Златев=zlatev Ївга=yivha"),
        ("Lviv, Ukraine", "Київ, Україна", "Plovdiv, Bulgaria"),
    ),
    Culture(  # Greek
        _names("Αντιγόνη=antigoni Γιάννης=giannis Ελπίδα=elpida Θάλεια=thaleia Ξενοφών=xenofon Χρήστος=christos"),
        _names("Αμπελάς=ampelas Καραβίτης=karavitis Λυχνίδης=lychnidis Ψαράκης=psarakis Φωτεινού=foteinou"),
        ("Θεσσαλονίκη, Ελλάδα", "Patras, Greece", "Limassol, Cyprus"),
        titles=("Διευθυντής Πωλήσεων", "Τεχνική Διευθύντρια"),
    ),
    Culture(  # Armenian and Georgian
        _names("Անահիտ=anahit Գևորգ=gevorg Նարինե=narine ნინო=nino ლევანი=levani თამარი=tamari"),
        _names("Դարբինյան=darbinyan Քարաշեն=karashen წყაროშვილი=tsqaroshvili მთისძე=mtisdze"),
        ("Yerevan, Armenia", "თბილისი, საქართველო"),
    ),
    Culture(  # Arabic
        _names("أحمد=ahmad ليلى=layla يوسف=yousef نورا=noura عبد_الرحيم=abdulrahim سلمى=salma طارق=tariq هند=hind"),
        _names("الخياط=alkhayyat بن_صالح=bin-salih النجار=alnajjar الحداد=alhaddad أبو_زيتون=abu-zaytoun"),
        ("Amman, Jordan", "القاهرة، مصر", "Dubai, United Arab Emirates", "Casablanca, Morocco"),
        titles=("مدير التسويق", "رئيس قسم الهندسة", "مديرة المبيعات، الخليج"),
    ),
    Culture(  # Persian and Urdu
        _names("پریسا=parisa کیوان=keyvan ژاله=zhaleh گلناز=golnaz شہباز=shahbaz چمن=chaman"),
        _names("باغبان=baghban گلستانی=golestani چراغی=cheraghi قلمکار=qalamkar ٹھیکیدار=thekedar"),
        ("Karachi, Sindh, Pakistan", "Shiraz, Iran"),
    ),
    Culture(  # Hebrew
        _names("אביגיל=avigail יהונתן=yehonatan נועה=noa שירה=shira תומר=tomer גלעד=gilad"),
        _names("בן־הרים=ben-harim זהבי=zehavi כרמלי=carmeli נחליאלי=nahlieli צוריאל=tzuriel שקדי=shkedi"),
        ("Haifa, Israel", "תל אביב, ישראל"),
        titles=('סמנכ"ל מכירות', "ראש צוות פיתוח"),
    ),
    Culture(  # Hindi and Nepali
        _names("अनुष्का=anushka ऋषभ=rishabh कृष्णा=krishna प्रज्ञा=pragya विक्रम=vikram ज्ञानेश=gyanesh"),
        _names("पुस्तकवाला=pustakwala चक्रधर=chakradhar वृक्षमित्र=vrikshamitra शृंगारे=shringare बाघमारे=baghmare"),
        ("Pune, Maharashtra, India", "काठमाडौं, नेपाल", "Noida, Uttar Pradesh, India"),
        titles=("बिक्री प्रबंधक", "मुख्य तकनीकी अधिकारी"),
    ),
    Culture(  # Bengali and Tamil
        _names("অনির্বাণ=anirban শ্রেয়সী=shreyosi ঋতুপর্ণা=rituparna இளங்கோ=ilango கயல்விழி=kayalvizhi"),
        _names("দীপঙ্করী=dipankari বটব্যালী=batabyali நெய்தல்வேல்=neithalvel மலர்வண்ணன்=malarvannan"),
        ("Kolkata, West Bengal, India", "Dhaka, Bangladesh", "Chennai, Tamil Nadu, India"),
    ),
    Culture(  # Indian names in Latin letters
        _names("Aditi Bhavesh Chitra Devendra Ishaan Lakshmi_Priya Meenakshi Raghav"),
        _names("D'Mello Chattopadhyaya-Roy Venkataraghavan Kulkarnivar S. R._K. Pillaimar Deshpandekar"),
        ("Bengaluru, Karnataka, India", "Greater Hyderabad Area", "Kochi, Kerala, India"),
    ),
    Culture(  # Thai
        _names("กมลชนก=kamonchanok ณัฐพล=natthaphon ปิยะดา=piyada ภูริช=phurich สุนิสา=sunisa อรอนงค์=onanong"),
        _names("แก้วมณีโชติ=kaeomanichot ทองใบหยก=thongbaiyok น้ำค้างใส=namkhangsai ศรีเรือนงาม=siruean-ngam"),
        ("กรุงเทพมหานคร ประเทศไทย", "Chiang Mai, Thailand"),
        titles=("ผู้จัดการฝ่ายขาย", "หัวหน้าวิศวกร"),
    ),
    Culture(  # Chinese
        _names("思远=siyuan 雨桐=yutong 子墨=zimo 慧=hui 嘉豪=jiahao 靜怡=jingyi 明轩=mingxuan 秋月=qiuyue"),
        _names("欧阳=ouyang 林=lin 諸葛=zhuge 柳=liu 司徒=situ 邵=shao 穆=mu 叶=ye 鄺=kuang"),
        ("中国 上海市", "Shenzhen, Guangdong, China", "台灣 台北市", "Singapore"),
        "{family}{given}",
        titles=("销售总监", "首席技术官 (CTO)", "產品經理"),
    ),
    Culture(  # Japanese
        _names("さくら=sakura 健太=kenta 美咲=misaki 陽翔=haruto ひなた=hinata レイ=rei 千尋=chihiro"),
        _names("小鳥遊=takanashi 月見里=yamanashi 野田=noda 桜庭=sakuraba 風間=kazama 渡邊=watanabe 薬袋=minai"),
        ("日本 東京都", "Osaka, Japan", "日本 福岡県 福岡市"),
        "{family} {given}",
        titles=("エンジニアリングマネージャー", "営業部長", "代表取締役"),
    ),
    Culture(  # Korean
        _names("서연=seoyeon 민준=minjun 하늘=haneul 지우=jiwoo 도윤=doyun 은별=eunbyeol"),
        _names("남궁=namgung 선우=sunwoo 제갈=jegal 황보=hwangbo 탁=tak 빙=bing"),
        ("대한민국 서울", "Busan, South Korea"),
        "{family}{given}",
        titles=("영업 이사", "최고기술책임자 (CTO)"),
    ),
    Culture(  # Vietnamese
        _names("Thị_Ngọc Văn_Đức Hữu_Phước Thùy_Dương Quốc_Bảo Mỹ_Huyền Đình_Khôi Ánh_Tuyết"),
        _names("Nguyễn Trần Phạm Huỳnh Đặng Lê Vũ Đỗ Bùi"),
        ("Hồ Chí Minh City, Vietnam", "Đà Nẵng, Vietnam"),
        "{family} {given}",
    ),
    Culture(  # Ethiopic
        _names("አበባ=abeba ዮሐንስ=yohannes ሰላም=selam ጽዮን=tsion ኃይሉ=hailu ፍቅርተ=fikirte"),
        _names("ተስፋዬ=tesfaye ገብረእግዚ=gebreegzi ወልደማርያም=weldemariam ደስታው=destaw ብርሃኑ=birhanu"),
        ("Addis Ababa, Ethiopia", "አስመራ, Eritrea"),
    ),
    Culture(  # West African
        _names("Olúwaṣeun Chidịebere Ẹniọlá Kwabena Nkechinyere Ọlámidé Yaa_Asantewaa Ṣọlápé"),
        _names("Adéwùmíjọ Ọkáforị N'Dongala Amoako-Mensah Ogúnbọ̀wálé Nwáchukwụ Dlaminyo Quartey-Bah"),
        ("Lagos State, Nigeria", "Accra, Ghana", "Abidjan, Côte d'Ivoire"),
    ),
    Culture(  # Polynesian
        _names("Kahanuʻola Leilani Māhina Tāne Whetū Siʻaosi"),
        _names("Kaʻahumoana Te_Waharangi Ngātaiwera Faʻasavalu Tuʻihalafale"),
        ("Auckland, New Zealand", "Honolulu, Hawaii, United States", "Apia, Samoa"),
    ),
    Culture(  # people with one name
        _names("Sulistyowati Suharyanto Wahyuningsih Tenzing Nurhalizah Mg'ulu Kartawijaya Gyaltsen"),
        (),
        ("Yogyakarta, Indonesia", "Thimphu, Bhutan", "Jakarta, Indonesia"),
    ),
)

# what people write behind their family name
CREDENTIALS = (
    ", PhD",
    ", MBA",
    " 🚀",
    ", CPA, CFA",
    " ✅",
    ", PMP®",
    " (she/her)",
    " 👩‍💻 MSc",
    ", M.D.",
    " (ela/dela) 🌱",
)

COMPANY_WORDS = tuple(
    word.text
    for word in _names(
        "Alderquill Bramblefen Copperlark Dunmarrow Emberholt Fennimoor Gallowmere Hartwhistle Inkwellen Juniperack "
        "Kestrelby Larkenfeld Marrowick Nettlebrook Oakenshade Pebblewick Quarrymoor Rookhaven Saltmarrow Tanglewyck "
        "Umbermill Vellichor Wrenfield Yarrowgate Zephyrmont Ångströmby Élanvert Größlingen Niñolanda Ørnevik"
    )
)

# what the company does, and its industry as LinkedIn words it
COMPANY_KINDS = (
    ("Analytics", "Software Development"),
    ("Bakeries", "Food and Beverage Manufacturing"),
    ("Biotech", "Biotechnology Research"),
    ("Capital", "Venture Capital and Private Equity Principals"),
    ("Care", "Hospitals and Health Care"),
    ("Cloud", "IT Services and IT Consulting"),
    ("Energy", "Renewable Energy Power Generation"),
    ("Freight", "Transportation, Logistics, Supply Chain and Storage"),
    ("Insurance", "Insurance"),
    ("Learning", "E-Learning Providers"),
    ("Legal", "Legal Services"),
    ("Media", "Online Audio and Video Media"),
    ("Pay", "Financial Services"),
    ("Robotics", "Industrial Machinery Manufacturing"),
    ("Security", "Computer and Network Security"),
    ("Talent", "Staffing and Recruiting"),
)

COMPANY_FORMS = (
    "{}",
    "{}",
    "{}",
    "{} GmbH",
    "{}, Inc.",
    "{} Ltd.",
    "{} S.A. de C.V.",
    "The {} Company",
    "{} & Daughters",
    'Studio "{}"',
    "{}, Okoro & Lindqvist LLP",
    "株式会社{}",
    "ТОО «{}»",
    "{} (YC ∞)",
)

COMPANY_SIZES = ("1-10", "11-50", "51-200", "201-500", "501-1,000", "1,001-5,000", "5,001-10,000", "10,001+")

TITLES = (
    "CTO",
    "CTO",
    "CTO & Co-Founder",
    "Chief Technology Officer",
    "Chief Technology Officer (CTO), Payments",
    "CEO",
    "Founder, CEO",
    "Chief Revenue Officer",
    "VP Sales",
    "VP Sales",
    "VP Sales, EMEA",
    "VP of Engineering",
    "Vice President, Product",
    "Head of Engineering",
    "Head of Growth",
    "Head of Marketing, DACH",
    "Head of People & Culture",
    "Head of Sales",
    "Director of Partnerships",
    "Director, Customer Success",
    "Sales Director | APAC",
    "Account Executive",
    "Business Development Manager",
    "Data Scientist",
    "DevOps Engineer",
    "Finance Manager",
    "Marketing Manager",
    "Product Designer",
    "Product Manager, Growth",
    "Recruiter (Tech)",
    "Senior Software Engineer",
    "Staff Engineer, Platform",
    'Chief "Everything" Officer',
)

HEADLINES = (
    "{title} at {company}",
    "{title} at {company}",
    "{title} @ {company} | ex-{other_word}",
    "{title}",
    "{title} | Speaker, mentor, and coffee snob ☕",
    "Building {company} 🚀 · {title}",
    "“We're hiring!” {title}, {company}",
)

ABOUTS = (
    "I have worked as {title} for {years} years, most of them with small teams.\n\nAsk me about {industry}.",
    "{years} years in {industry}. Now {title} at {company}.",
    "What I like most: turning a messy problem into a boring one. At {company} since {since}.",
    "• {title}\n• {years} years of {industry}\n• Open to advisory work",
)
