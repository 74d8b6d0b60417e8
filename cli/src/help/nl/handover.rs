//! Help of handovers.

pub(super) const TEXTS: &[(&str, &str)] = &[
    (
        "Take a case over from another agency, and see what others take over from you",
        "Neem een casus over van een andere organisatie, en zie wat anderen van u overnemen",
    ),
    (
        "You ask for the plan as for anything else (`ask`, purpose D18). Once it came you go through \
         the list and accept, and say of every item that it is done or missing; the old holder reads \
         what is missing. Until they have that they are responsible; then their case leaves the \
         board, and they ask no more about the child",
        "U vraagt het plan zoals al het andere (`ask`, doel D18). Als het er is loopt u de lijst na \
         en aanvaardt u; van elk punt zegt u of het gedaan is of ontbreekt, en de oude casushouder \
         leest wat ontbreekt. Tot die dat heeft is hij verantwoordelijk; daarna verlaat de casus \
         zijn bord, en vraagt hij niet meer naar het kind",
    ),
    (
        "List the cases that come and that go, newest first; that you looked is recorded",
        "Toon de overdrachten, van en naar u, de nieuwste eerst; dat u keek wordt vastgelegd",
    ),
    ("Accept a case whose plan came", "Aanvaard een casus waarvan het plan er is"),
    (
        "Show the list that the new holder goes through",
        "Toon de lijst die de nieuwe houder naloopt",
    ),
    (
        "The question with which you asked for the case, as `grondslag ask` printed it",
        "De vraag waarmee u om de casus vroeg, zoals `grondslag ask` die toonde",
    ),
    ("The role in which you hold the case", "De rol waarin u casushouder bent"),
    (
        "Who holds the case until now: OIN, or a part of the name",
        "Wie tot nu toe casushouder is: OIN, of een deel van de naam",
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
