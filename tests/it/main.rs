//! One binary of laws: conversations, properties, layers, whole processes.

mod conversation;
mod engine;
mod engine_property;
mod layering;
mod oracle;
mod simulation;
