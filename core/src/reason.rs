//! Every refusal and fault has a stable code and a sentence that helps.
//!
//! The code is for machines and never changes meaning; the sentence is for people and says the
//! way out. Neither says anything about a person. README lists them; a test holds the two together.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::lang::Lang;

/// A code that is not in the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a reason code of this version")]
pub struct UnknownReason;

macro_rules! reasons {
    ($($variant:ident $code:literal $nl:literal $en:literal)+) => {
        /// A stable reason.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub enum Reason { $(#[doc = $en] $variant),+ }

        impl Reason {
            /// Every reason, in the order of the README's list.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The stable code, `UPPER_SNAKE`.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code),+ }
            }

            /// One sentence that says what is wrong and the way out.
            pub const fn sentence(self, lang: Lang) -> &'static str {
                match lang {
                    Lang::Nl => match self { $(Self::$variant => $nl),+ },
                    Lang::En => match self { $(Self::$variant => $en),+ },
                }
            }
        }

        impl FromStr for Reason {
            type Err = UnknownReason;
            fn from_str(code: &str) -> Result<Self, UnknownReason> {
                match code { $($code => Ok(Self::$variant),)+ _ => Err(UnknownReason) }
            }
        }
    };
}

impl Reason {
    /// The process, its disk or its settings are at fault, not the question: such a reason leaves
    /// as an error; every other one is data (invariant 9).
    pub const fn is_fault(self) -> bool {
        matches!(
            self,
            Self::StoreUnwritable
                | Self::StoreFull
                | Self::StoreCorrupt
                | Self::StoreNewer
                | Self::StoreForeign
                | Self::StoreInUse
                | Self::LedgerFork
                | Self::ClockInvalid
                | Self::Internal
        )
    }

    /// A target gives such a reason before it takes a replay id, and it may pass by itself: the
    /// question is put once more (design 5).
    pub const fn is_passing(self) -> bool {
        matches!(self, Self::EpochStale | Self::PolicyStale | Self::HeadMismatch | Self::NotReady)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl TryFrom<String> for Reason {
    type Error = UnknownReason;
    fn try_from(code: String) -> Result<Self, UnknownReason> {
        code.parse()
    }
}

impl From<Reason> for String {
    fn from(reason: Reason) -> Self {
        reason.code().to_owned()
    }
}

reasons! {
    // Who calls.
    CertificateMissing "CERTIFICATE_MISSING" "Er is geen clientcertificaat aangeboden; geef het certificaat van uw organisatie of uw deskcertificaat op." "No client certificate was offered; give your agency's certificate or your desk certificate."
    CertificateInvalid "CERTIFICATE_INVALID" "Het certificaat is niet door deze regio uitgegeven, is verlopen of is ingetrokken; vraag een nieuw certificaat aan." "The certificate was not issued by this region, has expired or was revoked; ask for a new one."
    CertificateOin "CERTIFICATE_OIN" "Het certificaat bevat geen geldig OIN in Subject.serialNumber." "The certificate holds no valid OIN in Subject.serialNumber."
    CrlExpired "CRL_EXPIRED" "De lijst van ingetrokken certificaten is te oud; laat de beheerder van de regio een nieuwe uitgeven." "The list of revoked certificates is too old; have the region's operator issue a new one."
    ModeMismatch "MODE_MISMATCH" "Een demoproces en een productieproces spreken niet met elkaar." "A demo process and a production process do not talk to each other."
    PeerOinMismatch "PEER_OIN_MISMATCH" "Het certificaat van de andere kant is van een andere organisatie dan de geadresseerde." "The other side's certificate belongs to another agency than the one addressed."
    TlsRefused "TLS_REFUSED" "De beveiligde verbinding kwam niet tot stand; alleen TLS 1.3 met HTTP/2 wordt aanvaard." "The secure connection was not made; only TLS 1.3 with HTTP/2 is accepted."
    NotTheBroker "NOT_THE_BROKER" "Alleen de makelaar van de regio mag een vraag afleveren." "Only the region's broker may deliver a question."
    CallerUnknown "CALLER_UNKNOWN" "De aanroeper mag deze dienst niet gebruiken." "The caller may not use this service."
    AgencySuspended "AGENCY_SUSPENDED" "Deze organisatie is door de beheerder van de makelaar geschorst." "The broker's operator has suspended this agency."
    // Cards and admissions.
    CardInvalid "CARD_INVALID" "De organisatiekaart is niet geldig ondertekend of is verlopen." "The agency card is not validly signed or has expired."
    CardOinMismatch "CARD_OIN_MISMATCH" "Het OIN op de kaart is niet dat van het certificaat." "The OIN on the card is not that of the certificate."
    CardKeyChanged "CARD_KEY_CHANGED" "De kaart heeft een andere sleutel die niet met de vorige is ondertekend; een beheerder moet haar aanvaarden." "The card has another key that the previous one did not sign; an operator must accept it."
    CardSeqBack "CARD_SEQ_BACK" "De kaart is ouder dan de laatst bekende." "The card is older than the last one known."
    KindNotAdmitted "KIND_NOT_ADMITTED" "De organisatie is niet toegelaten als deze soort partij; de beheerder van de regio geeft de toelating uit." "The agency is not admitted as this kind of party; the region's operator issues the admission."
    RoleNotAdmitted "ROLE_NOT_ADMITTED" "De organisatie is niet toegelaten tot deze rol." "The agency is not admitted to this role."
    // People of an agency.
    StaffUnknown "STAFF_UNKNOWN" "Deze medewerker staat niet in het register van de organisatie." "This member of staff is not in the agency's register."
    StaffRevoked "STAFF_REVOKED" "Het deskcertificaat van deze medewerker is ingetrokken." "The desk certificate of this member of staff was revoked."
    RoleNotHeld "ROLE_NOT_HELD" "U heeft deze rol niet; kies een rol die bij uw mandaat hoort." "You do not hold this role; choose one that your mandate names."
    MandateEnded "MANDATE_ENDED" "Het mandaat is geëindigd; vraag uw organisatie om verlenging." "The mandate has ended; ask your agency to renew it."
    PersonInField "PERSON_IN_FIELD" "De vrager volgt uit het deskcertificaat en mag niet als veld worden meegegeven." "The asker follows from the desk certificate and may not be given as a field."
    ApprovalUnsigned "APPROVAL_UNSIGNED" "De goedkeuring is niet ondertekend en telt niet." "The approval is not signed and does not count."
    ApprovalOwn "APPROVAL_OWN" "U kunt uw eigen vraag niet goedkeuren." "You cannot approve your own question."
    ApprovalAltered "APPROVAL_ALTERED" "De goedkeuring hoort bij een andere vraag of is veranderd." "The approval belongs to another question or was altered."
    ApproverUnverified "APPROVER_UNVERIFIED" "De goedkeurder is niet door de organisatie ondertekend of diens mandaat is geëindigd." "The approver is not vouched for by the agency, or their mandate has ended."
    InformedAlready "INFORMED_ALREADY" "Dit is de betrokkene al verteld." "The person concerned was told this already."
    InformPostponed "INFORM_POSTPONED" "Vertellen is uitgesteld tot een dag om opnieuw te kijken; wie het uitstelde of de FG kan het eerder laten doen." "Telling was put off until a day to look again; who may put it off, or the privacy officer, can have it done earlier."
    InformShown "INFORM_SHOWN" "Deze vraag staat al in de inzage; uitstel zou haar niet verbergen." "This question is in the own view already; putting it off would not hide it."
    ReviewDate "REVIEW_DATE" "De datum om opnieuw te kijken ligt niet in de toekomst, of verder weg dan de regels toestaan." "The day to look again is not in the future, or further off than the rules allow."
    // The caseload board.
    CaseRole "CASE_ROLE" "In deze rol houdt u geen caseload bij; kies een rol van de gemeente met het doel caseload prioriteren." "This role does not keep the caseload; choose a role of the municipality with the purpose of prioritising the caseload."
    UnknownCase "UNKNOWN_CASE" "Deze casus staat hier niet; `grondslag cases list` toont wat er is." "This case is not here; `grondslag cases list` shows what there is."
    CaseStands "CASE_STANDS" "Dit kind staat al op het bord; `grondslag cases triage` zet er een nieuw oordeel bij." "This child is on the board already; `grondslag cases triage` adds a new judgement."
    CaseClosed "CASE_CLOSED" "Deze casus is gesloten; open een nieuwe als er weer iets is." "This case is closed; open a new one if something comes up again."
    CaseChanged "CASE_CHANGED" "Iemand anders heeft deze casus net gewijzigd; bekijk hem opnieuw." "Somebody else has just changed this case; look at it again."
    CaseWord "CASE_WORD" "Aard, ernst, urgentie of soort organisatie staat niet in de lijsten van de regels; `grondslag cases words` toont de woorden." "Nature, severity, urgency or kind of agency is not in the lists of the rules; `grondslag cases words` shows the words."
    SeenDate "SEEN_DATE" "Een kind is gezien op een dag die voorbij is of vandaag, en niet langer dan een jaar geleden." "A child was seen today or on a day before, and no longer than a year ago."
    // Handover.
    HandedOver "HANDED_OVER" "Deze casus is overgedragen: uw organisatie vraagt niet meer naar dit kind, behalve bij acuut gevaar of op bevel van de rechter. Neem de casus terug, of open een nieuwe op het bord als u weer verantwoordelijk bent." "This case was handed over: your agency asks no more about this child, but in acute danger or by order of the court. Take the case back, or open a new one on the board if you are responsible again."
    HandoverAccepted "HANDOVER_ACCEPTED" "Deze overdracht is al aanvaard; `grondslag handover list` toont wanneer." "This handover was accepted already; `grondslag handover list` shows when."
    HandoverRole "HANDOVER_ROLE" "In deze rol bent u geen casushouder; kies een rol die de regels zo noemen." "This role holds no cases; choose one that the rules name as a case holder."
    HandoverNothing "HANDOVER_NOTHING" "Van deze organisatie kwam op deze vraag nog geen plan: er is niets te aanvaarden." "No plan came from this agency on this question yet: there is nothing to accept."
    HandoverList "HANDOVER_LIST" "Zet elk punt van de lijst precies één keer bij gedaan of bij ontbreekt; `grondslag handover words` toont ze." "Put every item of the list once, under done or under missing; `grondslag handover words` shows them."
    // Escalation.
    EscalationApart "ESCALATION_APART" "Voor dit doel vraagt u met `grondslag escalate`: bij een casus van het bord, met criteria en een reden per organisatie; andere doelen juist niet." "Ask for this purpose with `grondslag escalate`: for a case of the board, with criteria and a reason for each agency; other purposes in another way."
    EscalationCase "ESCALATION_CASE" "Deze casus draagt de escalatie niet: zij gaat over een ander kind, of niemand beoordeelde haar als ernstig of acuut." "This case does not bear the escalation: it is about another child, or nobody judged it to be serious or acute."
    EscalationCriteria "ESCALATION_CRITERIA" "De criteria dragen de ernst van de casus niet: noem één acuut of twee structurele risico's; `grondslag escalate words` toont ze." "The criteria do not bear the severity of the case: name one acute or two structural risks; `grondslag escalate words` shows them."
    EscalationLate "ESCALATION_LATE" "Er is minder dan de helft van de termijn over; zet de escalatie opnieuw klaar en laat haar ondertekenen." "Less than half of the term is left; put the escalation aside anew and have it signed."
    DossierUnheard "DOSSIER_UNHEARD" "Niet alle uitkomsten zijn opgehaald voordat de makelaar ze wegdeed; bel wie ontbreekt." "Not every outcome was fetched before the broker discarded it; call who is missing."
    ApprovalStale "APPROVAL_STALE" "De medeondertekening is te oud; laat haar opnieuw zetten." "The co-signature is too old; have it signed anew."
    // Review by a person at the holder.
    AwayUntil "AWAY_UNTIL" "Afwezig bent u tot een moment in de toekomst, hooguit een jaar vooruit." "You are away until a moment in the future, a year ahead at the most."
    ReviewRole "REVIEW_ROLE" "In deze rol beoordeelt u hier geen vragen; kies een rol die in de regels als beoordelaar van deze organisatie staat." "This role reviews no questions here; choose one that the rules name as a reviewer of this agency."
    UnknownReview "UNKNOWN_REVIEW" "Deze vraag ligt hier niet ter beoordeling, of haar termijn is voorbij; `grondslag inbox list` toont wat er ligt." "This question does not wait for review here, or its term is over; `grondslag inbox list` shows what waits."
    ReviewDecided "REVIEW_DECIDED" "Hierover is al beslist; `grondslag inbox show` toont wat en door wie." "This was decided already; `grondslag inbox show` tells what and by whom."
    ReviewChanged "REVIEW_CHANGED" "Een collega heeft dit net gewijzigd; bekijk het opnieuw." "A colleague has just changed this; look at it again."
    ReviewLines "REVIEW_LINES" "Een beslissing zegt iets over elke categorie die in beoordeling is, een keer, en over geen andere; `grondslag inbox show` noemt ze." "A decision says something of every category in review, once, and of no other; `grondslag inbox show` names them."
    ReviewWord "REVIEW_WORD" "Dit niveau of deze soort organisatie staat niet in de lijsten van de regels; geef T1 tot T5, en een soort van `grondslag cases words`." "This tier or kind of agency is not in the lists of the rules; give T1 to T5, and a kind of `grondslag cases words`."
    ReviewGone "REVIEW_GONE" "Dit kind staat hier niet meer in de registratie; er valt niets te geven, en aan het einde van de termijn hoort de vrager dat er geen uitkomst is." "This child is in the register here no longer; there is nothing to give, and at the end of the term the asker hears that there is no outcome."
    MoreThanPermitted "MORE_THAN_PERMITTED" "De regels laten minder toe dan dit; geef een lager niveau, of weiger." "The rules allow less than this; give a lower tier, or refuse."
    ReviewGround "REVIEW_GROUND" "Een weigering noemt een grond uit de lijst voor beoordelaars, en waar iets wordt gegeven hoort er geen; `grondslag inbox grounds` toont de lijst." "A refusal names a ground of the list for reviewers, and what is given names none; `grondslag inbox grounds` shows the list."
    ReviewNamed "REVIEW_NAMED" "De vrager weet dat dit in beoordeling is: een weigering wordt genoemd en kan niet neutraal zijn." "The asker knows that this is in review: a refusal is named and cannot be neutral."
    ReviewUndecided "REVIEW_UNDECIDED" "Er ligt geen beslissing die op een tweede persoon wacht; neem er eerst een." "No decision waits for a second person; take one first."
    ReviewOwn "REVIEW_OWN" "Wie besliste is niet de tweede persoon; laat een collega bevestigen." "Whoever decided is not the second person; have a colleague confirm."
    ReviewTerm "REVIEW_TERM" "De eigen termijn kan alleen later worden zolang zij loopt, en niet later dan de regels voor de uiterste antwoordtermijn vrijhouden." "The inner term can only become later while it lasts, and no later than the rules leave free before the last moment to answer."
    WithheldAtReview "WITHHELD_AT_REVIEW" "Een professional van deze organisatie besloot dit niet te geven, op de genoemde grond." "A professional of this agency decided not to give this, on the ground that is named."
    // Break glass.
    BreakGlassScope "BREAK_GLASS_SCOPE" "De noodknop is voor acuut gevaar, alleen gevraagd (doel D12, spoed acute, geen concept), en voor wat de regels bij die soort organisatie alleen daarmee openen (regel R30); vraag het overige zonder noodknop." "Break glass is for acute danger, asked alone (purpose D12, urgency acute, no draft), and for what the rules open at that kind of agency with it alone (rule R30); ask for the rest without break glass."
    BreakGlassSuspended "BREAK_GLASS_SUSPENDED" "U mag de noodknop niet gebruiken: een eerder gebruik is niet binnen 24 uur beoordeeld. Laat een collega dat doen (`grondslag glass list`), of vraag met een tweede persoon; bel bij direct gevaar 112." "You may not break the glass: an earlier use was not reviewed within 24 hours. Have a colleague do so (`grondslag glass list`), or ask with a second person; in immediate danger call 112."
    GlassRole "GLASS_ROLE" "In deze rol beoordeelt u dit gebruik van de noodknop niet; kies een rol die zo'n vraag mag goedkeuren, of die van de FG om mee te kijken." "This role does not review this use of break glass; choose one that may approve such a question, or the privacy officer's to look."
    UnknownGlass "UNKNOWN_GLASS" "Dit gebruik van de noodknop staat hier niet; `grondslag glass list` toont wat er is." "This use of break glass is not here; `grondslag glass list` shows what there is."
    GlassOwn "GLASS_OWN" "Wie de noodknop gebruikte beoordeelt dat niet; laat een collega beoordelen." "Whoever broke the glass does not review it; have a colleague do so."
    GlassReviewed "GLASS_REVIEWED" "Dit gebruik van de noodknop is al beoordeeld; `grondslag glass show` toont hoe en door wie." "This use of break glass was reviewed already; `grondslag glass show` tells how and by whom."
    // What agencies count of themselves.
    PeriodBad "PERIOD_BAD" "Noem een maand (2026-06) of een halfjaar (2026-H1) dat voorbij is en waarvan alles nog bewaard is." "Name a month (2026-06) or half a year (2026-H1) that is over and of which everything is still kept."
    MetricsInvalid "METRICS_INVALID" "Dit rapport is veranderd, niet ondertekend, of van een andere vorm of sleutel; laat de organisatie het opnieuw maken." "This report was altered, is not signed, or is of another form or key; have the agency make it anew."
    MetricsRegion "METRICS_REGION" "Dit rapport is van een andere regio." "This report is of another region."
    MetricsPeriod "METRICS_PERIOD" "Dit rapport gaat over een andere periode dan het eerste; vergelijk rapporten van een periode." "This report is of another period than the first; compare reports of one period."
    MetricsTwice "METRICS_TWICE" "Van deze organisatie, of van een makelaar, is er al een rapport bij; geef alleen het nieuwste." "There is a report of this agency, or of a broker, already; give the newest alone."
    MetricsBroker "METRICS_BROKER" "Dit is niet de makelaar waar deze organisaties van uitgaan; geef het rapport van hun eigen makelaar." "This is not the broker that these agencies go by; give the report of their own broker."
    // Requests of people about their own data.
    UnknownRequest "UNKNOWN_REQUEST" "Dit verzoek staat hier niet, of een andere organisatie beslist erover; `grondslag rights list` toont wat er is." "This request is not here, or another agency decides on it; `grondslag rights list` shows what there is."
    RequestRole "REQUEST_ROLE" "In deze rol behandelt u geen verzoeken; kies een rol die met dossiers werkt." "This role does not handle requests; choose one that works with files."
    RequestOwn "REQUEST_OWN" "Wie een verzoek vastlegde beslist er niet over; laat een collega beslissen." "Whoever wrote a request down does not decide on it; have a colleague decide."
    RequestOpen "REQUEST_OPEN" "Hierover is nog niet beslist; rond het af als de beslissing er is." "This is not decided yet; close it once it is."
    RequestSettled "REQUEST_SETTLED" "Hierover is al beslist, of dit is al gedaan." "This was decided or done already."
    RequestExtended "REQUEST_EXTENDED" "De termijn is voorbij of al een keer verlengd; langer laat de wet niet toe (AVG artikel 12 lid 3)." "The term is over or was extended once already; the law allows no more (GDPR article 12(3))."
    NoBreach "NO_BREACH" "Bij dit verzoek hoort geen datalek dat nog te beoordelen is." "No breach is left to assess with this request."
    RefusalGroundBad "REFUSAL_GROUND_BAD" "Een afwijzing noemt een grond die bij dit verzoek past, een toewijzing geen; een verklaring van de cliënt wordt altijd opgenomen (Jeugdwet 7.3.8 lid 2)." "A refusal names a ground that goes with this request, a grant names none; a client's statement is always added (Youth Act 7.3.8(2))."
    StillOnFile "STILL_ON_FILE" "Het dossier staat hier nog onder dit nummer; haal het uit uw eigen systeem, importeer het register opnieuw, en beslis dan." "The file still stands here under this number; remove it in your own system, import the register again, then decide."
    NotOnFile "NOT_ON_FILE" "Hierover ligt bij deze organisatie niets vast; kijk het burgerservicenummer en het nummer van de regel na." "This agency holds nothing about this; check the person's number and that of the line."
    RequestsFull "REQUESTS_FULL" "Over deze persoon staan hier te veel verzoeken open; beslis over een ervan, of rond een ingetrokken bezwaar af." "Too many requests about this person are open here; decide on one, or close an objection that was taken back."
    IdentityUnseen "IDENTITY_UNSEEN" "Twee medewerkers moeten eerst zien wie dit vraagt; leg dat allebei vast met `grondslag inzage confirm`." "Two members of staff must first see who asks this; both record it with `grondslag inzage confirm`."
    IdentityMismatch "IDENTITY_MISMATCH" "Het nummer dat u zag, of van wie het is, is niet dat van dit verzoek; kijk het papier en het verzoek na." "The number that you saw, or whose it is, is not that of this request; check the paper and the request."
    OwnViewApart "OWN_VIEW_APART" "Het inzagelog vraagt u met `grondslag inzage`, niet als gewone vraag." "Ask for the access log with `grondslag inzage`, not as an ordinary question."
    NeedsSecondPerson "NEEDS_SECOND_PERSON" "Deze vraag heeft de goedkeuring van een tweede persoon nodig." "This question needs the approval of a second person."
    // The question.
    UnknownAgency "UNKNOWN_AGENCY" "Deze organisatie staat niet in de regiolijst." "This agency is not in the region's directory."
    UnknownRole "UNKNOWN_ROLE" "Deze rol bestaat niet in de catalogus." "This role is not in the catalogue."
    UnknownPurpose "UNKNOWN_PURPOSE" "Dit doel bestaat niet in de catalogus." "This purpose is not in the catalogue."
    UnknownCategory "UNKNOWN_CATEGORY" "Deze gegevenscategorie bestaat niet in de catalogus." "This data category is not in the catalogue."
    UnknownQueryKind "UNKNOWN_QUERY_KIND" "Deze soort vraag bestaat niet in de catalogus." "This kind of query is not in the catalogue."
    UnknownGround "UNKNOWN_GROUND" "Deze grondslag bestaat niet in de catalogus." "This legal ground is not in the catalogue."
    UnknownFact "UNKNOWN_FACT" "Dit feit of deze waarde bestaat niet in de catalogus, of de vrager mag het niet stellen." "This fact or value is not in the catalogue, or is not for the asker to state."
    BsnInvalid "BSN_INVALID" "Het burgerservicenummer is ongeldig (elfproef)." "The citizen service number is invalid (11-proof)."
    BsnNotAdmitted "BSN_NOT_ADMITTED" "Dit nummer hoort niet in deze omgeving: een demo aanvaardt alleen testnummers, productie alleen andere." "This number does not belong here: a demo admits test numbers only, production only others."
    NoBsnRight "NO_BSN_RIGHT" "Dit soort partij mag geen burgerservicenummer verwerken; bel de contactpersoon." "This kind of party may not process a citizen service number; call the contact."
    TextTooShort "TEXT_TOO_SHORT" "De toelichting is te kort: schrijf ten minste 30 tekens." "The text is too short: write at least 30 characters."
    TextTooLong "TEXT_TOO_LONG" "De toelichting is te lang; maak haar korter." "The text is too long; make it shorter."
    TextNamesPerson "TEXT_NAMES_PERSON" "De toelichting noemt een persoon of een nummer; beschrijf de noodzaak zonder naam en zonder burgerservicenummer." "The text names a person or a number; describe the need without a name and without a citizen service number."
    TargetsNone "TARGETS_NONE" "Noem ten minste één organisatie om aan te vragen." "Name at least one agency to ask."
    TargetsTooMany "TARGETS_TOO_MANY" "Een vraag gaat aan te veel organisaties tegelijk." "The question goes to too many agencies at once."
    TargetTwice "TARGET_TWICE" "Een organisatie staat twee keer in de vraag." "An agency stands twice in the question."
    CategoriesNone "CATEGORIES_NONE" "Noem ten minste één gegevenscategorie per organisatie." "Name at least one data category per agency."
    TooLarge "TOO_LARGE" "Het bericht is te groot." "The message is too large."
    Malformed "MALFORMED" "Het bericht is onvolledig of niet leesbaar." "The message is incomplete or cannot be read."
    QuestionExpired "QUESTION_EXPIRED" "De vraag is verlopen; stel haar opnieuw." "The question has expired; ask it again."
    QuestionFromFuture "QUESTION_FROM_FUTURE" "De vraag is in de toekomst gedateerd; controleer de klok." "The question is dated in the future; check the clock."
    TimesInvalid "TIMES_INVALID" "De tijden van de vraag spreken elkaar tegen of duren te lang." "The question's times contradict each other or last too long."
    ReplayConflict "REPLAY_CONFLICT" "Onder dit kenmerk is al een andere vraag gesteld." "Another question was already asked under this identifier."
    FollowUpsMade "FOLLOW_UPS_MADE" "Deze organisatie is voor deze vraag al zo vaak herinnerd als mag; bel haar dienstnummer." "This agency was reminded of this question as often as may be; call its duty telephone."
    ReminderWord "REMINDER_WORD" "Deze reden om te herinneren staat niet in de lijst van de regels; `grondslag ask words` toont haar." "This reason to remind is not in the list of the rules; `grondslag ask words` shows it."
    UnknownInquiry "UNKNOWN_INQUIRY" "Deze vraag is niet bekend." "This inquiry is not known."
    // Consent.
    ClientUnknown "CLIENT_UNKNOWN" "Dit kind staat niet met dit nummer in het register van uw organisatie; een toestemming wordt vastgelegd waar het dossier is." "This child does not stand in your agency's register under this number; a consent is written down where the file is."
    ConsentRole "CONSENT_ROLE" "In deze rol kunt u geen toestemming vastleggen; laat het doen door wie met het kind werkt." "In this role you cannot write down a consent; have somebody do it who works with the child."
    ConsentCapacity "CONSENT_CAPACITY" "Het woord van deze persoon telt hier niet: de wet vraagt op deze leeftijd een ander, of deze persoon heeft geen gezag. 'grondslag policy consent' laat zien wie ja moet zeggen." "This person's word does not count here: at this age the law asks another, or this person holds no custody. 'grondslag policy consent' shows who must say yes."
    CustodyUnknown "CUSTODY_UNKNOWN" "Wie het gezag heeft is hier niet vastgelegd; doe dat eerst, met 'grondslag consent custody'." "Who holds custody is not recorded here; do that first, with 'grondslag consent custody'."
    ConsentBackdated "CONSENT_BACKDATED" "Een toestemming werkt niet terug, en wat lang geleden of in de toekomst gezegd zou zijn telt niet; vraag het opnieuw." "A consent does not work backwards, and what would have been said long ago or in the future does not count; ask again."
    ConsentTerm "CONSENT_TERM" "Het einde ligt voor het begin of te ver weg; 'grondslag policy consent' noemt de langste termijn." "The end lies before the start or too far away; 'grondslag policy consent' names the longest term."
    ConsentScope "CONSENT_SCOPE" "Een toestemming noemt wie mag geven, wie mag ontvangen, welke gegevens en voor welk doel." "A consent names who may give, who may receive, which data and what for."
    ConsentSource "CONSENT_SOURCE" "Noem waarin het gezien is: het gezagsregister, de beschikking met haar nummer." "Name in what it was seen: the custody register, the court's decision with its number."
    ConsentDiffers "CONSENT_DIFFERS" "Sinds dezelfde dag staat hier iets anders vast; is dat niet juist, leg het dan met de hand vast met 'grondslag consent custody' of 'measure'." "Something else stands here since the same day; if that is not right, write it down by hand with 'grondslag consent custody' or 'measure'."
    ConsentPurpose "CONSENT_PURPOSE" "Voor dit doel en deze gegevens beslist toestemming niet: de wet staat het toe of verbiedt het, wat iemand ook zegt." "For this purpose and these data consent does not decide: the law allows or forbids it whatever anybody says."
    ConsentNoGround "CONSENT_NO_GROUND" "Een overheid kan haar verwerking niet op toestemming baseren; leg de toestemming vast als het doorbreken van een geheim." "A public body cannot base its processing on consent; record the consent as one that lifts secrecy."
    ConsentUnknown "CONSENT_UNKNOWN" "Van deze persoon staat hier geen toestemming of bezwaar met dit kenmerk; 'grondslag consent list' laat zien wat er staat." "No consent or objection of this person stands here under this number; 'grondslag consent list' shows what does."
    ConsentEvidence "CONSENT_EVIDENCE" "Bij een schriftelijke toestemming hoort het stuk; geef het bestand op met --evidence." "A written consent comes with its paper; give the file with --evidence."
    ConsentsFull "CONSENTS_FULL" "Over dit kind is hier te veel vastgelegd; laat de beheerder kijken wat weg kan." "Too much is written down here about this child; have the operator see what can go."
    ConsentChanged "CONSENT_CHANGED" "Sinds dit antwoord werd gemaakt is bij deze organisatie iets vastgelegd over toestemming of over een verzoek; stel de vraag opnieuw." "Since this answer was made something about consent or a request was written down at this agency; ask again."
    NotCompetent "NOT_COMPETENT" "In deze rol kan deze maatregel niet verklaard worden; 'grondslag policy consent' zegt wie dat kan. Leg haar anders zelf vast, met waarin u haar zag." "In this role this measure cannot be certified; 'grondslag policy consent' says who can. Else write it down yourself, with in what you saw it."
    StatementExpired "STATEMENT_EXPIRED" "De verklaring is verlopen of van later datum dan nu, of er staat hier al een nieuwere; laat opnieuw verklaren." "The statement has expired or is dated in the future, or a newer one stands here; have it certified anew."
    StatementSubject "STATEMENT_SUBJECT" "De verklaring gaat over een ander kind; kijk het nummer na." "The statement is about another child; check the number."
    // Proofs.
    StatementInvalid "STATEMENT_INVALID" "De handtekening klopt niet: wie vraagt of verklaart zette haar niet, of er is daarna iets veranderd." "The signature does not hold: whoever asks or certifies did not make it, or something was changed after it."
    AttestationInvalid "ATTESTATION_INVALID" "De verklaring van de makelaar klopt niet." "The broker's attestation does not hold."
    HeaderMismatch "HEADER_MISMATCH" "Kop, inhoud en verklaring van de vraag stemmen niet overeen." "The question's header, detail and attestation do not agree."
    AnswerInvalid "ANSWER_INVALID" "Het antwoord is niet door de gevraagde organisatie ondertekend en is weggegooid." "The answer was not signed by the agency that was asked and was discarded."
    ReceiptInvalid "RECEIPT_INVALID" "De gevraagde organisatie bewijst niet dat dit antwoord in haar logboek staat; het is ongezien weggegooid en de FG is gewaarschuwd." "The agency that was asked does not prove that this answer stands in its ledger; it was discarded unseen and the privacy officer has been alerted."
    SubjectMismatch "SUBJECT_MISMATCH" "Het antwoord gaat over een ander kind dan gevraagd en is ongezien weggegooid; de FG is gewaarschuwd." "The answer is about another child than was asked about and was discarded unseen; the privacy officer has been alerted."
    BlindInvalid "BLIND_INVALID" "Het verborgen nummer van de vraag of de inschrijving klopt niet, of hoort bij een andere vraag." "The hidden number of the question or enrolment is not valid, or belongs to another question."
    InboundKeyUnproven "INBOUND_KEY_UNPROVEN" "De makelaar bewijst niet dat de sleutel van deze organisatie echt is; er wordt niets onder versleuteld en de FG is gewaarschuwd." "The broker does not prove that this agency's key is genuine; nothing is encrypted under it and the privacy officer has been alerted."
    SealInvalid "SEAL_INVALID" "De verzegelde inhoud kan niet worden geopend." "The sealed content cannot be opened."
    MappingWrong "MAPPING_WRONG" "Een proefvraag over een verzonnen kind is niet herkend: de makelaar of de organisatie verwijst verkeerd; de FG is gewaarschuwd." "A test question about a made-up child was not recognised: broker or agency maps wrongly; the privacy officer has been alerted."
    SpotCheckFailed "SPOT_CHECK_FAILED" "De steekproef vond een inschrijving die niet opengaat, zonder dossier is of anders in het logboek staat; laat de organisatie haar verklaren en meld haar anders aan de beheerder van de makelaar." "The spot check found an enrolment that does not open, has no dossier or stands otherwise in the ledger; have the agency explain it, or else report it to the broker's operator."
    // The region's operators and witnesses.
    OperatorUnknown "OPERATOR_UNKNOWN" "Iemand die hier geen regiobeheerder is heeft ondertekend; laat twee bekende regiobeheerders ondertekenen." "Somebody who is no operator of the region here has signed; have two known operators sign."
    OperatorSignatureInvalid "OPERATOR_SIGNATURE_INVALID" "De handtekening van een regiobeheerder klopt niet, of het document is daarna veranderd." "A region operator's signature does not hold, or the document was changed after it."
    OperatorsTooFew "OPERATORS_TOO_FEW" "Er zijn twee regiobeheerders nodig." "Two operators of the region are needed."
    OperatorsSameOrganisation "OPERATORS_SAME_ORGANISATION" "De regiobeheerders zijn van dezelfde organisatie; een van hen moet van een andere zijn." "The region's operators are of the same organisation; one of them must be of another."
    RegionMismatch "REGION_MISMATCH" "Het document is van een andere regio." "The document belongs to another region."
    WitnessesTooFew "WITNESSES_TOO_FEW" "Een regio heeft ten minste drie getuigen nodig." "A region needs at least three witnesses."
    WitnessListStale "WITNESS_LIST_STALE" "Deze lijst van getuigen volgt niet op de laatst geziene; gebruik de nieuwste, of geef haar een hoger nummer." "This list of witnesses does not follow the last one seen; use the newest, or give it a higher number."
    NotAWitness "NOT_A_WITNESS" "Deze organisatie is geen getuige van deze regio." "This agency is no witness of this region."
    WitnessLate "WITNESS_LATE" "Te weinig getuigen hebben het logboek van de makelaar op tijd bevestigd; er wordt niet geantwoord tot zij dat doen." "Too few witnesses confirmed the broker's ledger in time; nothing is answered until they do."
    WitnessWithoutMemory "WITNESS_WITHOUT_MEMORY" "Deze getuige weet niet wat hij het laatst medeondertekende; een beheerder moet dat opgeven met `grondslag witness`." "This witness does not know what it last cosigned; an operator must say so with `grondslag witness`."
    // Decisions.
    NoRule "NO_RULE" "Geen regel staat deze vraag toe." "No rule permits this question."
    DeniedByRule "DENIED_BY_RULE" "Een regel verbiedt deze vraag." "A rule forbids this question."
    FactsConflict "FACTS_CONFLICT" "Het register van de houder en de vraag spreken elkaar tegen; een professional beoordeelt." "The holder's register and the question contradict each other; a professional decides."
    BrokerDecisionMismatch "BROKER_DECISION_MISMATCH" "De makelaar besliste anders dan dezelfde regels; het antwoord is weggegooid en de FG is gewaarschuwd." "The broker decided otherwise than the same rules do; the answer was discarded and the privacy officer has been alerted."
    // State of a party.
    NotReady "NOT_READY" "Deze organisatie kan nu niet antwoorden; dit zegt niets over het kind." "This agency cannot answer now; this says nothing about the child."
    EpochStale "EPOCH_STALE" "De vraag gebruikt een oud tijdvak; zij wordt opnieuw gesteld." "The question uses an old epoch; it is asked again."
    PolicyStale "POLICY_STALE" "De partijen gebruiken niet dezelfde regels." "The parties do not use the same rules."
    HeadMismatch "HEAD_MISMATCH" "Het logboek van de makelaar sluit niet aan op het laatst geziene." "The broker's ledger does not follow from the last one seen."
    Unreachable "UNREACHABLE" "Deze organisatie is niet bereikt; bel haar dienstnummer." "This agency was not reached; call its duty telephone."
    QuestionWaits "QUESTION_WAITS" "De vraag wacht verzegeld bij de makelaar op deze organisatie, tot haar antwoord uiterlijk binnen moet zijn; kijk later met 'grondslag ask follow'." "The question waits for this agency, sealed, at the broker until its answer is due; look later with 'grondslag ask follow'."
    WaitingFull "WAITING_FULL" "Deze organisatie is niet bereikt, en bij de makelaar wachten al zoveel vragen als er mogen; bel haar dienstnummer of stel de vraag later opnieuw." "This agency was not reached, and as many questions wait at the broker as may; call its duty telephone or ask again later."
    BudgetExceeded "BUDGET_EXCEEDED" "De daglimiet voor vragen is bereikt; een tweede persoon moet deze vraag goedkeuren." "The daily limit on questions has been reached; a second person must approve this question."
    DeadlinePassed "DEADLINE_PASSED" "De termijn van deze aanroep is verstreken." "The deadline of this call has passed."
    Busy "BUSY" "Er zijn te veel vragen tegelijk; probeer het over een minuut opnieuw." "There are too many questions at once; try again in a minute."
    Unimplemented "UNIMPLEMENTED" "Deze dienst bestaat nog niet in deze versie." "This service does not exist in this version yet."
    Internal "INTERNAL" "Er ging iets mis; geef het kenmerk van de melding door aan de beheerder." "Something went wrong; give the correlation id to the operator."
    QuotaExceeded "QUOTA_EXCEEDED" "Deze organisatie heeft in dit tijdvak te veel ingeschreven; de beheerder van de makelaar kan meer toestaan." "This agency enrolled too much in this epoch; the broker's operator can allow more."
    KeyHolderRefused "KEY_HOLDER_REFUSED" "De tweede sleutelhouder werkt hier niet aan mee; vraag de beheerder van de makelaar waarom." "The second key holder does not take part in this; ask the broker's operator why."
    StepsExceeded "STEPS_EXCEEDED" "Uw organisatie heeft vandaag zo vaak een organisatie bevraagd als een sleutelhouder toestaat; vraag het morgen opnieuw, of vraag de beheerder van de makelaar om meer." "Your agency has asked agencies as often today as a key holder allows; ask again tomorrow, or ask the broker's operator for more."
    KeyHolderUnreachable "KEY_HOLDER_UNREACHABLE" "De tweede sleutelhouder is niet bereikt; de vraag kan nu niet worden gesteld." "The second key holder was not reached; the question cannot be asked now."
    FactorsUnreadable "FACTORS_UNREADABLE" "Het verzegelde bestand met de factoren of zijn sleutel kan niet worden gelezen." "The sealed file of factors, or its key, cannot be read."
    // Disk, store, ledger.
    StoreUnwritable "STORE_UNWRITABLE" "De opslagmap is niet schrijfbaar." "The store's folder is not writable."
    StoreFull "STORE_FULL" "De schijf is vol; maak ruimte en start opnieuw." "The disk is full; make room and start again."
    StoreNewer "STORE_NEWER" "De opslag is door een nieuwere versie geschreven; gebruik die versie." "The store was written by a newer version; use that version."
    StoreForeign "STORE_FOREIGN" "De opslag is van een andere organisatie." "The store belongs to another agency."
    StoreCorrupt "STORE_CORRUPT" "De opslag is beschadigd; herstel een back-up." "The store is damaged; restore a backup."
    LedgerFork "LEDGER_FORK" "Een logboek spreekt zichzelf tegen: er is iets herschreven, verwijderd of teruggezet; het bewijs is bewaard en een beheerder moet handelen." "A ledger contradicts itself: something was rewritten, removed or put back; the proof is kept and an operator must act."
    BackupUnopened "BACKUP_UNOPENED" "De back-up gaat niet open: zij is veranderd of afgebroken, of hoort bij een andere sleutel." "The backup does not open: it was altered or cut short, or belongs to another key."
    BackupInvalid "BACKUP_INVALID" "Wat in de back-up staat spreekt zichzelf tegen, of dit proces heeft haar niet ondertekend; gebruik een andere back-up." "What is in the backup contradicts itself, or this process did not sign it; use another backup."
    RestoreUnfinished "RESTORE_UNFINISHED" "Deze opslag komt uit een back-up en mag nog niet dienen: eerst moet een nieuw logboek worden begonnen; zie `grondslag restore`." "This store comes from a backup and may not serve yet: a new ledger must be founded first; see `grondslag restore`."
    FoundingInvalid "FOUNDING_INVALID" "Het nieuwe logboek van de makelaar is niet begonnen zoals dat moet: nummer, moment, hoofd of ondertekening klopt niet." "The broker's new ledger was not founded as it must be: its number, moment, head or signatures are wrong."
    FoundingBelowHead "FOUNDING_BELOW_HEAD" "Het nieuwe logboek van de makelaar begint onder het laatste hoofd dat dit knooppunt zag; twee regiobeheerders moeten dat hoofd alsnog opnemen." "The broker's new ledger begins below the last head that this node saw; two operators must take that head in after all."
    AskedBeforeRestore "ASKED_BEFORE_RESTORE" "De vraag is gesteld voordat de makelaar uit een back-up werd hersteld; stel haar opnieuw." "The question was asked before the broker was restored from a backup; ask it again."
    NotConfirmed "NOT_CONFIRMED" "Dit knooppunt is uit een back-up hersteld; een beheerder moet eerst bevestigen dat index, maatregelen en toestemmingen actueel zijn." "This node was restored from a backup; its operator must first confirm that index, measures and consents are up to date."
    NotRestored "NOT_RESTORED" "Deze opslag komt niet uit een back-up, of wat na het terugzetten moest is al gedaan." "This store does not come from a backup, or what was to be done after its restore is done."
    NothingToAmend "NOTHING_TO_AMEND" "Geen hoofd is hoger dan dat waarmee het logboek van de makelaar is begonnen: er valt niets aan te vullen." "No head is higher than the one that the broker's ledger was founded with: there is nothing to amend."
    LedgerWhole "LEDGER_WHOLE" "Hier is geen logboek dat uit zijn tegels gemaakt moet worden." "There is no ledger here that must be made from its tiles."
    LedgerBehind "LEDGER_BEHIND" "Anderen hebben meer van dit logboek gezien dan er nog is; zet met twee beheerders een back-up terug." "Others were shown more of this ledger than is left; restore a backup with two operators."
    StoreInUse "STORE_IN_USE" "De opslag is in gebruik door een ander proces." "The store is in use by another process."
    // Files and settings.
    ConfigInvalid "CONFIG_INVALID" "De configuratie klopt niet; de melding noemt bestand en sleutel." "The configuration is wrong; the message names file and key."
    FileExists "FILE_EXISTS" "Het bestand bestaat al en wordt niet overschreven." "The file exists already and is not overwritten."
    FileUnreadable "FILE_UNREADABLE" "Het bestand kan niet worden gelezen." "The file cannot be read."
    PermissionsOpen "PERMISSIONS_OPEN" "Het sleutelbestand is voor anderen leesbaar; zet de rechten op 0600." "The key file can be read by others; set its permissions to 0600."
    PortInUse "PORT_IN_USE" "Het adres is al in gebruik; kies een andere poort." "The address is already in use; choose another port."
    ImportEncoding "IMPORT_ENCODING" "Het bestand is geen UTF-8; bewaar het opnieuw als UTF-8." "The file is not UTF-8; save it again as UTF-8."
    ImportRowBad "IMPORT_ROW_BAD" "Een rij klopt niet; er is niets ingelezen. Herstel de rij; alleen 'grondslag node import' kan haar overslaan, met --skip-bad." "A row is wrong; nothing was imported. Mend the row; only 'grondslag node import' can leave it out, with --skip-bad."
    ImportHeaderBad "IMPORT_HEADER_BAD" "De kopregel heeft een onbekende of ontbrekende kolom." "The header row has an unknown or missing column."
    PolicyInvalid "POLICY_INVALID" "De regels kloppen niet; de melding noemt bestand, rij en reden." "The rules are wrong; the message names file, row and reason."
    OfficerUnknown "OFFICER_UNKNOWN" "Iemand die hier geen privacyfunctionaris is heeft ondertekend; laat twee bekende functionarissen ondertekenen." "Somebody who is no privacy officer here has signed; have two known officers sign."
    OfficerExpired "OFFICER_EXPIRED" "De sleutel van een privacyfunctionaris is verlopen; laat twee anderen een nieuwe aanwijzen." "The key of a privacy officer has expired; have two others appoint a new one."
    OfficerSignatureInvalid "OFFICER_SIGNATURE_INVALID" "De handtekening van een privacyfunctionaris klopt niet, of de regels zijn daarna veranderd." "A privacy officer's signature does not hold, or the rules were changed after it."
    OfficersTooFew "OFFICERS_TOO_FEW" "Er zijn twee verschillende privacyfunctionarissen nodig: wie opstelt keurt niet zelf goed." "Two different privacy officers are needed: who writes the rules does not approve them."
    OfficersTwice "OFFICERS_TWICE" "Een privacyfunctionaris of diens sleutel staat er twee keer in." "A privacy officer, or the key of one, is listed twice."
    UnknownProposal "UNKNOWN_PROPOSAL" "Dit voorstel wacht niet (meer) op een handtekening; kijk welke voorstellen er liggen." "This proposal does not wait for a signature (any more); look which proposals there are."
    UnknownPublication "UNKNOWN_PUBLICATION" "Onder dit nummer is hier niets gepubliceerd; kijk welke regels gelden en komen." "Nothing was published here under this number; look which rules are in force and to come."
    ProposalsFull "PROPOSALS_FULL" "Er wachten al zoveel voorstellen als er mogen, van u of van iedereen; keur er een goed, of wacht tot hun moment voorbij is." "As many proposals wait as may, of you or of everybody; approve one, or wait until their moment has passed."
    EmergenciesInARow "EMERGENCIES_IN_A_ROW" "Er zijn te veel noodmaatregelen achter elkaar; de volgende regels hebben twee functionarissen nodig." "There were too many emergency measures in a row; the next rules need two officers."
    PolicyOlder "POLICY_OLDER" "Deze regels zijn ouder dan wat al is gepubliceerd; publiceer ze onder een nieuw nummer." "These rules are older than what was published already; publish them under a new number."
    PolicyRebase "POLICY_REBASE" "Er zijn intussen andere regels gepubliceerd; ga uit van die regels en onderteken opnieuw." "Other rules were published meanwhile; start from those and sign again."
    PolicyGap "POLICY_GAP" "Er ontbreken publicaties van ervoor, die nog onderweg zijn; probeer het over enkele minuten opnieuw." "Publications from before are missing and on their way; try again in some minutes."
    PolicyAltered "POLICY_ALTERED" "De bestanden zijn niet die van het ondertekende manifest." "The files are not those of the signed manifest."
    PolicyWidens "POLICY_WIDENS" "Een noodmaatregel mag alleen verengen; voor iets anders zijn twee functionarissen nodig." "An emergency measure may only narrow; anything else needs two officers."
    PolicyMoment "POLICY_MOMENT" "Het moment van ingang kan niet: het ligt in het verleden, voor dat van eerdere regels of te ver vooruit, of de regels zijn opgesteld in de toekomst of te lang geleden." "The moment of entry cannot be: it lies in the past, before that of earlier rules or too far ahead, or the rules were made in the future or too long ago."
    PolicyEngine "POLICY_ENGINE" "Deze regels vragen een nieuwere versie van dit programma; werk het eerst bij." "These rules need a newer version of this program; update it first."
    RulesMissing "RULES_MISSING" "De regels waarmee toen is beslist zijn niet voorhanden; geef hun map op met --policy, of hun bestand met --overlay." "The rules that decided then are not at hand; give their folder with --policy, or their file with --overlay."
    NothingRecorded "NOTHING_RECORDED" "In deze periode is geen beslissing vastgelegd; noem een andere periode of een andere map." "No decision was recorded in this period; name another period or another folder."
    LocalPermit "LOCAL_PERMIT" "Een eigen regel mag alleen strenger zijn: verbieden of beoordelen, nooit toestaan." "A local rule may only be stricter: deny or hold, never permit."
    LocalBlocksDuty "LOCAL_BLOCKS_DUTY" "Een eigen regel mag een wettelijke plicht niet blokkeren of verlagen, alleen laten beoordelen." "A local rule may not deny or lower a legal duty, only hold it for review."
    ClockInvalid "CLOCK_INVALID" "De klok is niet leesbaar, ging terug, of loopt achter op de laatste vermelding in het eigen logboek; laat de beheerder de klok goed zetten." "The clock cannot be read, went back, or is behind the last entry of the own ledger; have the operator set it right."
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_code_is_unique_upper_snake_and_round_trips() {
        let mut seen = HashSet::new();
        for reason in Reason::ALL {
            assert!(seen.insert(reason.code()), "{reason} twice");
            assert!(reason.code().bytes().all(|b| b.is_ascii_uppercase() || b == b'_'));
            assert_eq!(reason.code().parse::<Reason>(), Ok(*reason));
        }
    }

    #[test]
    fn every_sentence_stands_in_both_languages_and_ends() {
        for reason in Reason::ALL {
            for lang in Lang::ALL {
                assert!(reason.sentence(*lang).ends_with('.'), "{reason}");
            }
            assert_ne!(reason.sentence(Lang::Nl), reason.sentence(Lang::En));
        }
    }
}
