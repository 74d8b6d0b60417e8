//! Compiles the protocol with protox, so that no protoc binary is needed.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let files = ["broker", "desk", "directory", "enrolment", "holder", "node", "operator"]
        .map(|name| format!("grondslag/v1/{name}.proto"));
    let set = protox::compile(files, ["."])?;
    #[expect(clippy::disallowed_macros, reason = "a build script speaks to cargo by printing")]
    {
        println!("cargo::rerun-if-changed=grondslag");
    }
    tonic_prost_build::configure().compile_fds(set)?;
    Ok(())
}
