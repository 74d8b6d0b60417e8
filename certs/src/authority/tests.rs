use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use rcgen::{CertificateParams, DnType};
use tempfile::TempDir;

use super::*;
use crate::time::{days_left, tls_now};
use crate::x509::{CertificateKind, show};

const SCHOOL: &str = "00000099000000001000";
const POLICE: &str = "00000099000000002000";

fn oin(text: &str) -> Oin {
    Oin::parse(text).unwrap()
}

fn region() -> (TempDir, Root) {
    let dir = tempfile::tempdir().unwrap();
    let root = init(dir.path(), "Drieveen", tls_now()).unwrap();
    (dir, root)
}

fn csr(oin_text: &str) -> (TempDir, String) {
    let dir = tempfile::tempdir().unwrap();
    let csr = request::new_key_and_csr(dir.path(), &oin(oin_text), "School").unwrap();
    (dir, csr)
}

/// A request with a subject and a key of the test's choice.
fn odd_csr(algorithm: &'static rcgen::SignatureAlgorithm, serials: &[&str]) -> String {
    let key = KeyPair::generate_for(algorithm).unwrap();
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::OrganizationName, "School");
    for serial in serials {
        params.distinguished_name.push(DnType::from_oid(&[2, 5, 4, 5]), *serial);
    }
    params.serialize_request(&key).unwrap().pem().unwrap()
}

#[test]
fn a_second_init_overwrites_nothing() {
    let (dir, _) = region();
    let before = fs::read(dir.path().join(KEY_FILE)).unwrap();
    let again = init(dir.path(), "Drieveen", tls_now()).unwrap_err();
    assert_eq!(again.reason(), Reason::FileExists);
    assert_eq!(fs::read(dir.path().join(KEY_FILE)).unwrap(), before);
}

#[test]
fn the_authority_does_not_act_with_a_key_that_others_can_read() {
    let (dir, _) = region();
    let key = dir.path().join(KEY_FILE);
    assert_eq!(fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
    fs::set_permissions(&key, fs::Permissions::from_mode(0o640)).unwrap();
    let refused = crl(dir.path(), tls_now(), 7).unwrap_err();
    assert_eq!(refused.reason(), Reason::PermissionsOpen);
}

#[test]
fn a_signed_request_becomes_a_leaf_of_90_days_with_its_oin_and_name() {
    let (dir, root) = region();
    let (_own, csr) = csr(SCHOOL);
    let now = tls_now();
    let pem = sign_csr(dir.path(), &csr, now).unwrap();
    let leaf = Leaf::parse_pem(&pem).unwrap();
    assert_eq!((leaf.oin(), leaf.name()), (&oin(SCHOOL), "School"));
    assert_eq!(days_left(leaf.not_after(), now), 90);
    assert_eq!(root.verify_leaf(leaf.der()).unwrap(), leaf);
    let shown = show(&pem, now).unwrap();
    assert_eq!(shown.kind, CertificateKind::Agency);
    assert_eq!(shown.oin, Some(oin(SCHOOL)));
    assert_eq!(shown.days_left, 90);
    assert_eq!(shown.fingerprint, leaf.fingerprint());
    let root_pem = fs::read_to_string(dir.path().join(ROOT_FILE)).unwrap();
    assert_eq!(show(&root_pem, now).unwrap().kind, CertificateKind::Root);
}

#[test]
fn two_certificates_never_share_a_serial_number() {
    let (dir, _) = region();
    let (_own, csr) = csr(SCHOOL);
    let leaf = || Leaf::parse_pem(&sign_csr(dir.path(), &csr, tls_now()).unwrap()).unwrap();
    assert_ne!(leaf().serial(), leaf().serial());
}

#[test]
fn a_request_without_exactly_one_valid_oin_is_refused() {
    let (dir, _) = region();
    for serials in [&[][..], &["123"], &["00000099000000001001"]] {
        let csr = odd_csr(&PKCS_ECDSA_P256_SHA256, serials);
        let refused = sign_csr(dir.path(), &csr, tls_now()).unwrap_err();
        assert_eq!(refused.reason(), Reason::CertificateOin, "{serials:?}");
    }
    let good = odd_csr(&PKCS_ECDSA_P256_SHA256, &[SCHOOL]);
    assert!(sign_csr(dir.path(), &good, tls_now()).is_ok());
}

#[test]
fn a_request_with_another_type_of_key_is_refused() {
    let (dir, _) = region();
    for algorithm in [&rcgen::PKCS_ED25519, &rcgen::PKCS_ECDSA_P384_SHA384] {
        let refused = sign_csr(dir.path(), &odd_csr(algorithm, &[SCHOOL]), tls_now());
        assert!(matches!(refused, Err(AuthorityError::X509(X509Error::KeyType))));
    }
}

#[test]
fn a_request_that_its_own_key_did_not_sign_is_refused() {
    let (dir, _) = region();
    let (_own, csr) = csr(SCHOOL);
    let mut block = pem::parse(csr).unwrap().into_contents();
    // The last byte lies in the signature; another bit there is another signature.
    *block.last_mut().unwrap() ^= 1;
    let altered = pem::encode(&pem::Pem::new("CERTIFICATE REQUEST", block));
    let refused = sign_csr(dir.path(), &altered, tls_now());
    assert!(matches!(refused, Err(AuthorityError::X509(X509Error::Signature))));
}

#[test]
fn a_leaf_never_outlives_its_root() {
    let dir = tempfile::tempdir().unwrap();
    let then = tls_now().plus_ms(-i64::from(ROOT_DAYS - 10) * crate::time::DAY_MS);
    let root = init(dir.path(), "Drieveen", then).unwrap();
    let (_own, csr) = csr(SCHOOL);
    let leaf = Leaf::parse_pem(&sign_csr(dir.path(), &csr, tls_now()).unwrap()).unwrap();
    assert_eq!(leaf.not_after(), root.not_after());
}

#[test]
fn renewal_keeps_key_and_oin_and_needs_a_living_certificate() {
    let (dir, _) = region();
    let (own, csr) = csr(SCHOOL);
    let now = tls_now();
    let current = sign_csr(dir.path(), &csr, now).unwrap();
    let later = plus_days(now, 80);
    let next = Leaf::parse_pem(&renew(dir.path(), &csr, &current, later).unwrap()).unwrap();
    let first = Leaf::parse_pem(&current).unwrap();
    assert_eq!((next.oin(), next.key()), (first.oin(), first.key()));
    assert_eq!(days_left(next.not_after(), later), 90);
    let refused = |csr: &str, at| {
        matches!(renew(dir.path(), csr, &current, at), Err(AuthorityError::Refused { .. }))
    };
    assert!(refused(&csr, plus_days(now, 91)), "expired");
    fs::remove_file(own.path().join(request::KEY_FILE)).unwrap();
    fs::remove_file(own.path().join(request::REQUEST_FILE)).unwrap();
    let other = request::new_key_and_csr(own.path(), &oin(SCHOOL), "School").unwrap();
    assert!(refused(&other, later), "another key");
    revoke(dir.path(), &Revoke::Certificate(first.serial().clone()), now).unwrap();
    assert!(refused(&csr, later), "revoked");
}

#[test]
fn a_certificate_of_another_region_is_not_renewed() {
    let ((dir, _), (other, _)) = (region(), region());
    let (_own, csr) = csr(SCHOOL);
    let foreign = sign_csr(other.path(), &csr, tls_now()).unwrap();
    let refused = renew(dir.path(), &csr, &foreign, tls_now());
    assert!(matches!(refused, Err(AuthorityError::Refused { .. })));
}

#[test]
fn revoking_an_agency_lists_all_its_certificates_and_nobody_elses() {
    let (dir, root) = region();
    let (_school, school) = csr(SCHOOL);
    let (_police, police) = csr(POLICE);
    for csr in [&school, &school, &police] {
        sign_csr(dir.path(), csr, tls_now()).unwrap();
    }
    let revoked = revoke(dir.path(), &Revoke::Agency(oin(SCHOOL)), tls_now()).unwrap();
    assert_eq!(revoked.len(), 2);
    let list = crl(dir.path(), tls_now(), 7).unwrap();
    assert_eq!(list.revoked().iter().collect::<Vec<_>>(), {
        let mut sorted: Vec<_> = revoked.iter().collect();
        sorted.sort();
        sorted
    });
    let read = Crl::parse_pem(&Crl::read(&dir.path().join(CRL_FILE)).unwrap(), &root).unwrap();
    assert_eq!(read.number(), list.number());
    let again = revoke(dir.path(), &Revoke::Agency(oin(SCHOOL)), tls_now());
    assert!(matches!(again, Err(AuthorityError::Refused { .. })));
}

#[test]
fn lists_are_numbered_upward_and_drop_what_has_expired() {
    let (dir, _) = region();
    let (_own, csr) = csr(SCHOOL);
    let now = tls_now();
    sign_csr(dir.path(), &csr, now).unwrap();
    revoke(dir.path(), &Revoke::Agency(oin(SCHOOL)), now).unwrap();
    let second = crl(dir.path(), now, 7).unwrap();
    let third = crl(dir.path(), plus_days(now, 91), 7).unwrap();
    assert_eq!((second.number(), second.revoked().len()), (2, 1));
    assert_eq!((third.number(), third.revoked().len()), (3, 0));
    assert_eq!(days_left(second.next_update(), now), 7);
}

#[test]
fn a_list_is_valid_for_1_to_31_days() {
    let (dir, _) = region();
    assert!(crl(dir.path(), tls_now(), 1).is_ok());
    assert!(crl(dir.path(), tls_now(), 31).is_ok());
    for days in [0, 32] {
        let refused = crl(dir.path(), tls_now(), days);
        assert!(matches!(refused, Err(AuthorityError::Refused { .. })), "{days}");
    }
}

#[test]
fn a_list_of_another_region_is_refused() {
    let ((_, root), (other, _)) = (region(), region());
    let pem = Crl::read(&other.path().join(CRL_FILE)).unwrap();
    assert_eq!(Crl::parse_pem(&pem, &root).unwrap_err(), X509Error::Signature);
}

#[test]
fn an_admission_holds_for_its_kinds_until_it_ends_and_only_in_its_region() {
    let (dir, root) = region();
    let (_, stranger) = region();
    let now = tls_now();
    let end = plus_days(now, 365);
    let kinds = ["lpa", "gem", "gem"].map(|kind| Kind::parse(kind).unwrap());
    let admission = admit(dir.path(), &oin(SCHOOL), &kinds, end, now).unwrap();
    let path = dir.path().join("admission.json");
    write_admission(&path, &admission).unwrap();
    let read = read_admission(&path).unwrap();
    let admitted = root.verify_admission(&read, now).unwrap();
    assert_eq!(admitted.oin(), &oin(SCHOOL));
    assert!(admitted.admits(&kinds[0], now) && admitted.admits(&kinds[1], now));
    assert!(!admitted.admits(&Kind::parse("vt").unwrap(), now));
    assert!(!admitted.admits(&kinds[0], end));
    assert!(root.verify_admission(&read, end).is_err());
    assert!(stranger.verify_admission(&read, now).is_err());
    assert_eq!(write_admission(&path, &read).unwrap_err().reason(), Reason::FileExists);
}

#[test]
fn an_altered_admission_is_refused() {
    let (dir, root) = region();
    let now = tls_now();
    let kinds = [Kind::parse("sch").unwrap()];
    let good = admit(dir.path(), &oin(SCHOOL), &kinds, plus_days(now, 1), now).unwrap();
    let mut other_kind = good.clone();
    other_kind.kinds = vec![Kind::parse("vt").unwrap()];
    let mut longer = good.clone();
    longer.valid_until = plus_days(now, 2);
    let mut other_oin = good.clone();
    other_oin.oin = oin(POLICE);
    for altered in [other_kind, longer, other_oin] {
        let refused = root.verify_admission(&altered, now).unwrap_err();
        assert_eq!(refused.reason(), Reason::KindNotAdmitted);
    }
    assert!(root.verify_admission(&good, now).is_ok());
}

#[test]
fn an_admission_without_kinds_or_without_a_future_is_not_given() {
    let (dir, _) = region();
    let now = tls_now();
    let kinds = [Kind::parse("sch").unwrap()];
    assert!(admit(dir.path(), &oin(SCHOOL), &[], plus_days(now, 1), now).is_err());
    assert!(admit(dir.path(), &oin(SCHOOL), &kinds, now, now).is_err());
}

#[test]
fn an_expired_leaf_signs_nothing_any_more() {
    let (dir, root) = region();
    let own = tempfile::tempdir().unwrap();
    let then = tls_now().plus_ms(-91 * crate::time::DAY_MS);
    let leaf = issue(dir.path(), own.path(), &oin(SCHOOL), "School", then).unwrap();
    assert!(matches!(root.verify_leaf(leaf.der()), Err(TrustError::Chain)));
}

#[test]
fn a_damaged_register_stops_the_authority() {
    let (dir, _) = region();
    let path = Register::path_in(dir.path());
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, format!("{text}{{\"event\":\"iss")).unwrap();
    let refused = crl(dir.path(), tls_now(), 7);
    assert!(matches!(refused, Err(AuthorityError::Register { line: 2 })));
}

#[test]
fn the_register_tells_what_was_done_in_order() {
    let (dir, _) = region();
    let (_own, csr) = csr(SCHOOL);
    sign_csr(dir.path(), &csr, tls_now()).unwrap();
    revoke(dir.path(), &Revoke::Agency(oin(SCHOOL)), tls_now()).unwrap();
    crl(dir.path(), tls_now(), 7).unwrap();
    let history = history(dir.path()).unwrap();
    assert!(matches!(
        history.as_slice(),
        [
            Entry::Listed { number: 1, .. },
            Entry::Issued { .. },
            Entry::Revoked { .. },
            Entry::Listed { number: 2, .. }
        ]
    ));
}
