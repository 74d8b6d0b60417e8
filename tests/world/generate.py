#!/usr/bin/env python3
"""Makes the bulk of the demo world: some 4,000 youths, each known at 1 to 5 agencies.

Run from anywhere: `python3 tests/world/generate.py`. It writes bulk-clients.csv and
bulk-records.csv for the 12 core agencies and touches nothing else. Fixed seed: the same
files every time. `--check` writes nothing and fails if the files on disk differ.
"""

import csv
import datetime
import io
import pathlib
import random
import sys

SEED = 20260915
YOUTHS = 4000
WORLD = pathlib.Path(__file__).resolve().parent
WEIGHTS = (9, 8, 7, 6, 5, 4, 3, 2, -1)
TODAY = datetime.date(2026, 9, 15)

GIVEN = """Aafke Abel Aron Babette Bas Bente Berend Bo Bram Britt Casper Cato Coen Daantje Dirk
Douwe Ebba Elin Ezra Femke Fenna Fleur Floor Freek Gijs Hanna Hidde Hugo Ilse Imke Isa Jasmijn
Jelte Jesse Jidde Joris Josien Jurre Kaj Kiki Koen Lars Leni Liv Loek Luuk Maartje Marijn Mats
Meike Mees Merel Mila Naomi Nienke Nina Noud Olaf Pien Pim Puck Quinten Rens Rink Romy Roos Sara
Siem Silke Sjoerd Stijn Suze Tess Teun Tibbe Tim Tirza Ties Tygo Vera Vigo Wessel Wout Xavi Yara
Yonas Zoë Zef Amir Aylin Dunya Emre Farah Idris Ilias Jamila Malik Nadia Omar Rayan Salma Zeynep
""".split()
FAMILY = """Aalders Baas Beekman Berkhout Blom Boersma Boonstra Bos Bosman Brink Buitenhuis Dekker
Doorn Drost Eikelboom Elzinga Fokkema Geerts Gerritsma Haan Heuvel Hofman Hulst Jager Jonkman
Kamp Karsten Keizer Klaver Kloosterman Koning Kooistra Kramer Kuiper Lammers Leeuw Linde Loon
Maas Mulder Nieland Noordhof Oosterhuis Ottema Peters Polman Prins Reitsma Ridder Rietveld Roelofs
Rozema Sanders Schaap Scholten Schuur Sikkema Smeets Spaan Stam Steen Stolk Tamminga Tuinstra
Veenstra Veldhuis Venema Visscher Vliet Vonk Waard Wal Westra Wiersma Wierda Wolters Zijlstra
Zomer Akkerman Aydin Benali Chen Demir Haddou Nguyen Osman Silva Tahiri Yilmaz""".split()
PREFIXES = ("van", "de", "van der", "van de", "ter", "ten", "van den")

# agency: (file prefix, share of youths, lowest age, highest age)
SHARES = {
    "gem-veenwolde": ("GV", 0.13, 0, 23),
    "gem-marsdrecht": ("GM", 0.13, 0, 23),
    "gem-lindevoort": ("GL", 0.10, 0, 23),
    "sch-drieveen": ("SD", 0.40, 4, 18),
    "jgz-drieveen": ("JZ", 0.40, 0, 18),
    "ha-dewierde": ("HW", 0.30, 0, 23),
    "jha-kompas": ("JK", 0.20, 2, 22),
    "jggz-spoor": ("JS", 0.10, 5, 20),
    "gi-baken": ("GB", 0.06, 0, 18),
    "rvdk-drieveen": ("RK", 0.05, 0, 18),
    "vt-drieveen": ("VT", 0.07, 0, 18),
    "pol-drieveen": ("PO", 0.06, 10, 23),
}

# category, source, layers T1..T5; one or two of these per client.
TEXTS = {
    "gem": [
        ("G05", "dossier", "Een gemeentelijk team is betrokken.",
         "Lokaal team, bereikbaar via het klantcontactcentrum.", "Aanmelding in behandeling."),
        ("G06", "dossier", "Er is een contactpersoon.",
         "Bereikbaarheidsdienst lokaal team, werkdagen 9-17 uur.", ""),
        ("G12", "beschikking", "Er is een voorziening.",
         "Ambulante begeleiding, afgegeven door het lokaal team.", "Loopt nog, eindigt dit jaar."),
        ("G13", "wachtlijst", "Er is een wachttijd.",
         "Wacht op een intake bij een aanbieder.", "Overbrugging: belcontact om de twee weken."),
    ],
    "sch": [
        ("G05", "leerlingdossier", "Een onderwijsinstelling is betrokken.",
         "Stichting Scholen Drieveen, zorgcoördinator.", "Staat ingeschreven."),
        ("G14", "verzuimregistratie", "Er is een verzuimregistratie.",
         "Enkele keren te laat dit schooljaar.", "Besproken met ouders, geen melding nodig."),
        ("G15", "leerlingdossier", "Er is ondersteuning op school.",
         "Extra hulp bij lezen, twee keer per week.", "Doel voor dit half jaar: een niveau erbij."),
    ],
    "jgz": [
        ("G05", "jgz-dossier", "Een zorgpartij is betrokken.",
         "JGZ Drieveen, team jeugdgezondheid.", "Controles volgens schema."),
        ("G16", "jgz-dossier", "Er zijn gegevens van de jeugdgezondheidszorg.",
         "Laatste contactmoment dit jaar.", "Groei volgens de lijn, geen bijzonderheden."),
    ],
    "ha": [
        ("G05", "his", "Een zorgpartij is betrokken.",
         "Huisartsenpraktijk De Wierde.", "Ingeschreven als patiënt."),
        ("G16", "his", "Er zijn medische gegevens.",
         "Laatste consult dit jaar.", "Kleine klacht, behandeld en afgesloten."),
    ],
    "jha": [
        ("G05", "dossier", "Een zorgpartij is betrokken.",
         "Jeugdhulp Kompas, ambulant team.", "Hulp loopt."),
        ("G12", "dossier", "Er is inzet van hulp.",
         "Ambulante begeleiding thuis.", "Gestart, twee uur per week."),
        ("G13", "wachtlijst", "Er is een wachttijd.",
         "Wacht op een plek in de groepstraining.", "Verwachte start over acht weken."),
    ],
    "jggz": [
        ("G05", "epd", "Een zorgpartij is betrokken.",
         "Jeugd-ggz Het Spoor, polikliniek.", "In behandeling."),
        ("G11", "epd", "Er is een behandelplan.",
         "Plan besproken met het gezin.", "Twaalf gesprekken, halverwege bekijken."),
    ],
    "gi": [
        ("G05", "dossier", "Een jeugdbeschermingspartij is betrokken.",
         "Jeugdbescherming Het Baken, gebiedsteam.", "Betrokken, vaste jeugdbeschermer."),
        ("G10", "dossier", "Er is een gezinsplan.",
         "Plan met drie doelen.", "Een doel gehaald, twee lopen."),
    ],
    "rvdk": [
        ("G05", "raadsdossier", "Een jeugdbeschermingspartij is betrokken.",
         "Raad voor de Kinderbescherming, locatie Drieveen.", "Onderzoek afgerond."),
    ],
    "vt": [
        ("G05", "vt-dossier", "Een partij voor veiligheid en advies is betrokken.",
         "Veilig Thuis Drieveen, bereikbaar dag en nacht.", "Melding afgesloten, overgedragen."),
        ("G08", "vt-dossier", "Er is een veiligheidsinschatting.",
         "Inschatting gemaakt dit jaar.", "Veilig genoeg, vinger aan de pols via het lokaal team."),
    ],
    "pol": [
        ("G05", "bvh", "Een partij uit het veiligheidsdomein is betrokken.",
         "Politie basisteam Drieveen, jeugdagent.", "Een contact, geen vervolg."),
        ("G20", "bvh", "Er is een politieregistratie.",
         "Melding van geluid of ruzie in huis.", "Ter plaatse rustig, geen aangifte."),
    ],
}


def passes_eleven(number):
    """The 11-proof of a Dutch citizen service number."""
    return sum(w * int(d) for w, d in zip(WEIGHTS, number)) % 11 == 0


def named_numbers():
    """The numbers of the 29 named people, which the bulk must not use."""
    found = set()
    for path in WORLD.glob("agencies/*/clients.csv"):
        with path.open(encoding="utf-8", newline="") as handle:
            found.update(row["bsn"] for row in csv.DictReader(handle))
    return found


def youths(rng):
    """The people: number, names and birth date."""
    taken = named_numbers()
    valid = [n for n in (f"9999{i:05}" for i in range(100000)) if passes_eleven(n)]
    first = datetime.date(2003, 1, 1)
    span = (datetime.date(2025, 12, 31) - first).days
    for number in rng.sample([n for n in valid if n not in taken], YOUTHS):
        given = " ".join(rng.sample(GIVEN, 2 if rng.random() < 0.2 else 1))
        prefix = rng.choice(PREFIXES) if rng.random() < 0.2 else ""
        birth = first + datetime.timedelta(rng.randrange(span))
        yield number, given, prefix, rng.choice(FAMILY), birth


def known_at(rng, birth):
    """One to five agencies that know this youth, at most one of them a municipality."""
    age = (TODAY - birth).days // 365
    fits = {a: s for a, (_, s, low, high) in SHARES.items() if low <= age <= high}
    chosen = [a for a, share in fits.items() if rng.random() < share]
    towns = [a for a in chosen if a.startswith("gem-")]
    for extra in towns[1:]:
        chosen.remove(extra)
    if not chosen:
        chosen = [rng.choice(sorted(fits))]
    rng.shuffle(chosen)
    return sorted(chosen[:5])


def since(rng, birth):
    """The day an agency opened its file: after birth, before the demo day."""
    earliest = max(birth, TODAY - datetime.timedelta(days=5 * 365))
    return earliest + datetime.timedelta(rng.randrange(max(1, (TODAY - earliest).days)))


def build():
    """All rows of all agencies, in a fixed order."""
    rng = random.Random(SEED)
    clients = {agency: [] for agency in SHARES}
    records = {agency: [] for agency in SHARES}
    for number, given, prefix, family, birth in youths(rng):
        for agency in known_at(rng, birth):
            file = f"{SHARES[agency][0]}-{20000 + len(clients[agency])}"
            start = since(rng, birth)
            clients[agency].append((file, number, given, prefix, family, birth, start, ""))
            texts = TEXTS[agency.split("-")[0]]
            extra = rng.sample(texts[1:], 1) if len(texts) > 1 and rng.random() < 0.5 else []
            for category, source, t1, t2, t3 in [texts[0], *extra]:
                dated = start + datetime.timedelta(rng.randrange((TODAY - start).days + 1))
                records[agency].append((file, category, "child", dated, source, t1, t2, t3, "", ""))
    return clients, records


def render(header, rows):
    """CSV text: UTF-8, LF, quotes only where needed."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header.split(","))
    writer.writerows(rows)
    return out.getvalue()


def main():
    clients, records = build()
    stale = []
    for agency in SHARES:
        folder = WORLD / "agencies" / agency
        for name, text in (
            ("bulk-clients.csv",
             render("client,bsn,given_names,prefix,family_name,birth_date,from,until",
                    clients[agency])),
            ("bulk-records.csv",
             render("client,category,about,dated,source,t1,t2,t3,t4,t5", records[agency])),
        ):
            path = folder / name
            if "--check" not in sys.argv:
                path.write_text(text, encoding="utf-8", newline="\n")
            elif not path.exists() or path.read_text(encoding="utf-8") != text:
                stale.append(str(path.relative_to(WORLD)))
    if stale:
        sys.exit("differs from what generate.py makes: " + ", ".join(stale))


if __name__ == "__main__":
    main()
