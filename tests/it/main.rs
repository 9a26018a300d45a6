//! One binary of laws: conversations, properties, layers, plain definitions.

mod conversation;
mod engine;
mod engine_property;
mod layering;
mod masked;
mod oracle;
mod private;
mod simulation;
