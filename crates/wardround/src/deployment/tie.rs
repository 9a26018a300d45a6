//! A child that does not outlive its parent.
//!
//! The parent holds the other end of the child's standard input. A line `stop` asks the child to
//! finish its round; the end of the stream means that the parent is gone, however it went.

use std::io::BufRead;

use crate::interrupt::{INTERRUPTED, Interrupt};

/// Watches standard input on a thread of its own.
///
/// # Errors
/// When no thread can be started.
#[expect(
    clippy::exit,
    reason = "a child without its parent must not stay behind"
)]
pub fn tie_to_parent(interrupt: &Interrupt) -> std::io::Result<()> {
    let interrupt = interrupt.clone();
    std::thread::Builder::new()
        .name("parent".into())
        .spawn(move || {
            for line in std::io::stdin().lock().lines() {
                match line.as_deref() {
                    Ok("stop") => interrupt.request(INTERRUPTED),
                    Ok(_) => {}
                    Err(_) => break,
                }
            }
            std::process::exit(1);
        })?;
    Ok(())
}
