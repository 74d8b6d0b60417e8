//! Help of handovers.

pub(super) const TEXTS: &[(&str, &str)] = &[
    (
        "Take a case over from another agency, and see what others take over from you",
        "Neem een zaak over van een andere organisatie, en zie wat anderen van u overnemen",
    ),
    (
        "You ask for the plan as for anything else (`ask`, purpose D18). Once it came you go through \
         the list and accept; what you do not tick is a gap that the old holder reads. Until they \
         have that they are responsible; then their case leaves the board, and they ask no more \
         about the child",
        "U vraagt het plan zoals al het andere (`ask`, doel D18). Als het er is loopt u de lijst na \
         en aanvaardt u; wat u niet afvinkt is een gat dat de oude houder leest. Tot die dat heeft \
         is hij verantwoordelijk; daarna verlaat zijn zaak het bord, en vraagt hij niet meer naar \
         het kind",
    ),
    (
        "List the cases that come and that go, newest first; that you looked is recorded",
        "Toon de zaken die komen en gaan, de nieuwste eerst; dat u keek wordt vastgelegd",
    ),
    ("Accept a case whose plan came", "Aanvaard een zaak waarvan het plan er is"),
    (
        "Show the list that the new holder goes through",
        "Toon de lijst die de nieuwe houder naloopt",
    ),
    (
        "The question with which you asked for the case, as `grondslag ask` printed it",
        "De vraag waarmee u om de zaak vroeg, zoals `grondslag ask` die toonde",
    ),
    ("The role in which you hold the case", "De rol waarin u de zaak houdt"),
    (
        "Who holds the case until now: OIN, or a part of the name",
        "Wie de zaak tot nu toe houdt: OIN, of een deel van de naam",
    ),
    (
        "What was done, words of `grondslag handover words`, with commas between",
        "Wat is gedaan, woorden uit `grondslag handover words`, met komma's ertussen",
    ),
    (
        "What is missing; every item of the list stands in one of the two",
        "Wat ontbreekt; elk punt van de lijst staat in een van de twee",
    ),
];
