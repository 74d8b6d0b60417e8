//! The way to a running process of one's own: with its own certificate, from its configuration.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use grondslag_certs::tls::{Connector, Region, Reloading};
use grondslag_core::reason::Reason;
use grondslag_runtime::channel::dial;
use grondslag_runtime::config::{self, Identity, Limits, Listen};
use grondslag_runtime::net::TcpNet;
use serde::Deserialize;
use tonic::transport::Channel;

use crate::exit::Failure;

/// What broker and node have in common; the other sections are theirs.
#[derive(Debug, Deserialize)]
struct AnyProcess {
    identity: Identity,
    #[serde(default)]
    listen: Listen,
    #[serde(default)]
    limits: Limits,
}

/// A process of one's own.
#[derive(Debug)]
pub(crate) struct Own {
    /// Where it listens.
    pub(crate) endpoint: String,
    /// The way to it.
    pub(crate) channel: Channel,
    /// Longest wait for one call, by its configuration.
    pub(crate) wait: Duration,
}

impl Own {
    /// Opens the way by a configuration file, and by where the process listens if that does not
    /// follow from it. Nothing is sent yet. Must be called within a runtime.
    pub(crate) fn open(config: &Path, address: Option<&str>) -> Result<Self, Failure> {
        let process: AnyProcess = config::load(config)?;
        let endpoint = match address {
            Some(address) => address.to_owned(),
            None => reachable(process.listen.address)?.to_string(),
        };
        let region = Arc::new(Reloading::<Region>::open(process.identity.files())?);
        let oin = region.current().oin().clone();
        let tls = Connector::region(region);
        let channel = dial(Arc::new(TcpNet), tls, &endpoint, &oin, &process.limits)?;
        Ok(Self { endpoint, channel, wait: process.limits.call_ms_max.ms() })
    }
}

/// Where a listener is reached from this machine.
fn reachable(mut listens: SocketAddr) -> Result<SocketAddr, Failure> {
    if listens.port() == 0 {
        return Err(Failure::told(
            Reason::ConfigInvalid,
            "de poort staat niet vast (listen.address eindigt op :0); geef --address",
            "the port is not fixed (listen.address ends in :0); give --address",
        ));
    }
    if listens.ip().is_unspecified() {
        listens.set_ip(match listens.ip() {
            IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    Ok(listens)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listener_on_every_address_is_asked_on_this_machine() {
        let at = |text: &str| reachable(text.parse().unwrap()).map(|address| address.to_string());
        assert_eq!(at("0.0.0.0:8443"), Ok("127.0.0.1:8443".into()));
        assert_eq!(at("[::]:8443"), Ok("[::1]:8443".into()));
        assert_eq!(at("192.0.2.7:8443"), Ok("192.0.2.7:8443".into()));
        assert_eq!(at("127.0.0.1:0").unwrap_err().reason(), Reason::ConfigInvalid);
    }
}
