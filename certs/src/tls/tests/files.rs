//! What a process reads at its start and while it runs.

use super::*;

#[test]
fn files_that_do_not_parse_leave_the_old_ones_in_use() {
    let world = World::new();
    let broker = world.agency(BROKER);
    let files = TlsFiles::in_folder(&world.folder(BROKER));
    let (good, before) = (fs::read(&files.crl).unwrap(), broker.current());
    fs::write(&files.crl, "half a li").unwrap();
    let refused = broker.reload_if_changed().unwrap_err();
    assert!(refused.to_string().contains("crl.pem"), "{refused}");
    assert!(Arc::ptr_eq(&before, &broker.current()));
    // It is tried again until the file is right.
    assert!(broker.reload_if_changed().is_err());
    fs::write(&files.crl, good).unwrap();
    assert_eq!(broker.reload_if_changed().unwrap(), Reload::Changed);
}

#[test]
fn a_reload_never_goes_back_to_an_older_list() {
    let world = World::new();
    let old = fs::read(world.authority().join("crl.pem")).unwrap();
    authority::crl(&world.authority(), tls_now(), 7).unwrap();
    let broker = world.agency(BROKER);
    fs::write(TlsFiles::in_folder(&world.folder(BROKER)).crl, old).unwrap();
    let refused = broker.reload_if_changed();
    assert!(matches!(refused, Err(LoadError::NotWhileRunning { .. })));
    assert_eq!(broker.current().crl().number(), 2);
}

#[test]
fn a_renewed_certificate_is_taken_up_and_another_agencys_is_not() {
    let world = World::new();
    let (broker, _school) = (world.agency(BROKER), world.agency(SCHOOL));
    let files = TlsFiles::in_folder(&world.folder(BROKER));
    let before = broker.current().leaf().clone();
    let csr = fs::read_to_string(world.folder(BROKER).join("request.pem")).unwrap();
    let current = fs::read_to_string(&files.cert).unwrap();
    let renewed = authority::renew(&world.authority(), &csr, &current, tls_now()).unwrap();
    fs::write(&files.cert, renewed).unwrap();
    assert_eq!(broker.reload_if_changed().unwrap(), Reload::Changed);
    assert_ne!(broker.current().leaf().serial(), before.serial());
    let other = TlsFiles::in_folder(&world.folder(SCHOOL));
    fs::copy(&other.cert, &files.cert).unwrap();
    assert!(matches!(broker.reload_if_changed(), Err(LoadError::KeyDiffers { .. })));
    fs::copy(&other.key, &files.key).unwrap();
    let refused = broker.reload_if_changed();
    assert!(matches!(refused, Err(LoadError::NotWhileRunning { .. })));
    assert_eq!(broker.current().oin(), &oin(BROKER));
}

#[test]
fn a_process_does_not_start_with_a_key_that_others_can_read() {
    use std::os::unix::fs::PermissionsExt as _;
    let world = World::new();
    drop(world.agency(BROKER));
    let files = TlsFiles::in_folder(&world.folder(BROKER));
    fs::set_permissions(&files.key, fs::Permissions::from_mode(0o644)).unwrap();
    let refused = Reloading::<Region>::open(files).unwrap_err();
    assert_eq!(refused.reason(), Reason::PermissionsOpen);
}

#[test]
fn a_root_in_place_of_a_leaf_does_not_load() {
    let world = World::new();
    drop(world.agency(BROKER));
    let files = TlsFiles::in_folder(&world.folder(BROKER));
    fs::copy(&files.root, &files.cert).unwrap();
    assert!(matches!(Reloading::<Region>::open(files), Err(LoadError::X509 { .. })));
}

#[test]
fn a_leaf_in_place_of_the_root_does_not_load() {
    let world = World::new();
    drop(world.agency(BROKER));
    let files = TlsFiles::in_folder(&world.folder(BROKER));
    fs::copy(&files.cert, &files.root).unwrap();
    assert!(matches!(Reloading::<Region>::open(files), Err(LoadError::X509 { .. })));
}

#[test]
fn a_self_made_root_with_the_same_name_opens_nothing() {
    let world = World::new();
    let leaf = world.agency(SCHOOL).current().leaf().clone();
    let params = authority::root(
        "Drieveen",
        &authority::new_serial().unwrap(),
        tls_now(),
        tls_now().plus_ms(DAY_MS),
    );
    let key = KeyPair::generate().unwrap();
    let forged = CertifiedIssuer::self_signed(params.unwrap(), key).unwrap();
    let root = crate::Root::parse_pem(&forged.pem()).unwrap();
    assert!(root.verify_leaf(leaf.der()).is_err());
}

#[test]
fn a_message_signed_with_a_leaf_key_is_known_to_be_that_agencys() {
    let world = World::new();
    let region = world.agency(SCHOOL).current();
    let leaf = region.leaf().der();
    let key = crate::LeafKey::load(&TlsFiles::in_folder(&world.folder(SCHOOL)).key).unwrap();
    let signature = key.sign(b"card").unwrap();
    let signer = region.verify_leaf_signature(leaf, b"card", &signature).unwrap();
    assert_eq!(signer, oin(SCHOOL));
    let altered = region.verify_leaf_signature(leaf, b"cart", &signature);
    assert!(matches!(altered, Err(TrustError::Signature)));
    let stranger = World::new().agency(BROKER).current();
    let foreign = stranger.verify_leaf_signature(leaf, b"card", &signature);
    assert!(matches!(foreign, Err(TrustError::Chain)));
}
