//! The desk's listener, and what it knows of who calls.

use super::*;

#[tokio::test]
async fn the_desk_takes_the_person_from_the_desk_certificate() {
    let world = World::new();
    let _node = world.agency(SCHOOL);
    let desk = world.desk(SCHOOL);
    let files = world.person(SCHOOL, "n.deboer", "desk", 0);
    let client: Arc<Reloading<DeskClient>> = Arc::new(Reloading::open(files).unwrap());
    let certificate = client.current().certificate().clone();
    let met = meet(Acceptor::desk(desk), Connector::desk(client), SCHOOL).await;
    let identity = met.server.unwrap();
    let person = identity.desk().unwrap();
    assert_eq!(person.staff().as_str(), "n.deboer");
    assert_eq!(person.public_key(), certificate.public_key());
    assert_eq!(person.serial(), certificate.serial());
    assert_eq!(met.client.unwrap(), oin(SCHOOL));
    assert!(!format!("{identity:?}").contains("deboer"));
}

#[tokio::test]
async fn a_desk_admits_neither_agencies_nor_another_nodes_staff_nor_expired_certificates() {
    let world = World::new();
    let (broker, node) = (world.agency(BROKER), world.agency(SCHOOL));
    let desk = world.desk(SCHOOL);
    let agency = Connector::region(Arc::clone(&broker));
    let met = meet(Acceptor::desk(Arc::clone(&desk)), agency, SCHOOL).await;
    assert_eq!(met.server_reason(), Reason::CertificateInvalid);
    crate::desk::init(&world.folder("desk2"), &oin(BROKER), tls_now()).unwrap();
    for files in
        [world.person(SCHOOL, "stranger", "desk2", 0), world.person(SCHOOL, "late", "desk", 31)]
    {
        let client = Arc::new(Reloading::open(files).unwrap());
        let door = Acceptor::desk(Arc::clone(&desk));
        let met = meet(door, Connector::desk(client), SCHOOL).await;
        assert_eq!(met.server_reason(), Reason::CertificateInvalid);
        assert_eq!(met.client_reason(), Reason::CertificateInvalid);
    }
    // Nor does the region's listener admit a person.
    let files = world.person(SCHOOL, "n.deboer", "desk", 0);
    let client = Arc::new(Reloading::open(files).unwrap());
    let met = meet(Acceptor::region(node), Connector::desk(client), SCHOOL).await;
    assert_eq!(met.server_reason(), Reason::CertificateInvalid);
}
