//! Laws of the deployment, on real sockets of this machine. Nothing here looks at a clock, except
//! to give up when a test hangs.

mod admin;
mod joining;
mod lab;
mod loss;
mod proxy;
mod raw;
mod rounds;
mod toy;
mod transfer;
