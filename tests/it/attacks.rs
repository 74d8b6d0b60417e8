//! Attacks on blind routing, on sealing, and on what is signed: each by somebody with real keys
//! who does not keep to the protocol, over the real federation.
//!
//! | who lies | where |
//! |---|---|
//! | an asker | [`asker`] |
//! | the broker, to a holder | [`holder`] |
//! | the broker, to an asker | [`broker`] |
//! | the broker, about the keys | [`keys`] |
//! | the broker, about which message came first | [`later`] |
//! | the broker, about whom a number stands for | [`mapping`] |

mod asker;
mod broker;
mod holder;
mod keys;
mod later;
mod mapping;
