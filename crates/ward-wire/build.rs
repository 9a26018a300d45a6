//! Compiles `proto/wardround/v1/*.proto` without `protoc`; the code lands in `OUT_DIR`.

const ROOT: &str = "../../proto";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo:rerun-if-changed={ROOT}");
    let mut files: Vec<_> = std::fs::read_dir(format!("{ROOT}/wardround/v1"))?
        .map(|entry| entry.map(|e| e.path()))
        .collect::<Result<_, _>>()?;
    files.sort();
    let descriptors = protox::compile(files, [ROOT])?;
    tonic_prost_build::configure()
        .build_transport(false) // connections belong to ward-net; ward-wire needs only `codegen`
        .bytes(".") // every `bytes` field is a slice of the received buffer, not a copy
        .compile_fds(descriptors)?;
    Ok(())
}
