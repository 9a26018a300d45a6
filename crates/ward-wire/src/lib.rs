//! Spells the shared words in protobuf.
#[allow(missing_docs, reason = "generated from the documented proto files")]
pub mod proto { tonic::include_proto!("wardround.v1"); }
