//! The methods of the protocol by name.
//!
//! The path of a call is what its caller wrote. Who counts calls or shows them names them by this
//! list alone, so that no text of a caller passes as the name of a method.

/// Every method, written `package.Service/Method`.
pub const METHODS: &[&str] = include!(concat!(env!("OUT_DIR"), "/methods.rs"));

/// What stands for any method that is not of this protocol (OpenTelemetry semantic conventions for
/// RPC, `rpc.method`).
pub const OTHER: &str = "_OTHER";

/// The method that the path of a call names.
pub fn of_path(path: &str) -> &'static str {
    let name = path.strip_prefix('/').unwrap_or(path);
    METHODS.iter().find(|method| **method == name).copied().unwrap_or(OTHER)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_method_of_the_protocol_is_named_and_no_other_text_is() {
        assert_eq!(of_path("/grondslag.v1.NodeService/Answer"), "grondslag.v1.NodeService/Answer");
        for other in ["/grondslag.v1.NodeService/999990019", "/Noor", "", "/_OTHER"] {
            assert_eq!(of_path(other), OTHER);
        }
        assert!(METHODS.len() > 20, "{METHODS:?}");
        assert!(METHODS.iter().all(|method| method.starts_with("grondslag.v1.")), "{METHODS:?}");
    }
}
