//! Help of what agencies count of themselves.

pub(super) const TEXTS: &[(&str, &str)] = &[
    (
        "Count what an agency answered over a month or half a year, and compare all agencies",
        "Tel wat een organisatie in een maand of halfjaar antwoordde, en vergelijk alle organisaties",
    ),
    (
        "Each agency's privacy officer has their node count and sign; the broker's operator has it \
         count what the agencies let pass; the college lays the files of all side by side, on any \
         machine. No person is in a report. What could point at a child leaves the node as tens, and \
         not at all below ten",
        "De FG van elke organisatie laat het eigen knooppunt tellen en ondertekenen; de beheerder van \
         de makelaar laat tellen wat de organisaties lieten voorbijgaan; het college legt de bestanden \
         van alle naast elkaar, op elke computer. In een rapport staat niemand. Wat naar een kind kan \
         wijzen verlaat het knooppunt in tientallen, en onder de tien helemaal niet",
    ),
    (
        "Have your own node count a period that is over, and sign it; for its privacy officer",
        "Laat het eigen knooppunt een periode tellen die voorbij is, en ondertekenen; voor de FG",
    ),
    (
        "Have the broker count the slots that agencies let pass, and sign it; for its operator",
        "Laat de makelaar de momenten tellen die organisaties lieten voorbijgaan, en ondertekenen; \
         voor de beheerder",
    ),
    (
        "Verify the reports of agencies and lay them side by side; needs no process",
        "Controleer de rapporten van organisaties en leg ze naast elkaar; zonder draaiend proces",
    ),
    (
        "A month, such as 2026-06, or half a year, such as 2026-H1",
        "Een maand, zoals 2026-06, of een halfjaar, zoals 2026-H1",
    ),
    (
        "Where to write the report; a file that is there is not overwritten",
        "Waar het rapport komt; een bestand dat er al is wordt niet overschreven",
    ),
    (
        "Reports of one period, as `metrics make` and `metrics watched` wrote them",
        "Rapporten van een periode, zoals `metrics make` en `metrics watched` ze schreven",
    ),
    ("The region's root certificate, ca.pem", "Het hoofdcertificaat van de regio, ca.pem"),
];
