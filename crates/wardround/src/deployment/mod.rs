//! A whole federation on this host: one coordinator and every hospital as processes of their own.

mod approvals;
mod children;
mod ledger;
mod tie;

pub use approvals::ApprovalFile;
pub use children::{Children, Ended};
pub use ledger::{Entry, Ledger, audit, ledger_path};
pub use tie::tie_to_parent;
