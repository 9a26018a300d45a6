//! The file in which a hospital's people say which jobs they approve.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use ward_core::Digest;
use ward_privacy::Approvals;

/// `NAME.approved`: the digest of a job on each line, and what follows `#` is for people. It is read again at each
/// question. No file approves nothing.
#[derive(Debug)]
pub struct ApprovalFile {
    path: PathBuf,
}

impl ApprovalFile {
    /// The file of the hospital `name` in `folder`.
    #[must_use]
    pub fn new(folder: &Path, name: &str) -> Self {
        Self {
            path: folder.join(format!("{name}.approved")),
        }
    }
}

impl Approvals for ApprovalFile {
    fn approves(&self, job: Digest) -> Result<bool, String> {
        let text = match fs::read_to_string(&self.path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(error.to_string()),
        };
        let mut approved = false;
        for (index, line) in text.lines().enumerate() {
            let digest = line.split('#').next().unwrap_or_default().trim();
            if !digest.is_empty() {
                let digest: Digest = digest
                    .parse()
                    .map_err(|error| format!("line {}: {error}", index + 1))?;
                approved |= digest == job;
            }
        }
        Ok(approved)
    }

    fn remedy(&self) -> String {
        // Folders are the hospital's own business.
        let name = self.path.file_name().unwrap_or_default().to_string_lossy();
        format!("somebody at the hospital gives it by adding that as a line to {name}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_approves_a_job_until_it_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let file = ApprovalFile::new(folder.path(), "north");
        let [one, other] = [b"1", b"2"].map(|bytes| Digest::of(bytes));
        assert_eq!(file.approves(one), Ok(false));
        let path = folder.path().join("north.approved");
        fs::write(&path, format!("# by the board\n\n{one}  # spring\n")).unwrap();
        assert_eq!(file.approves(one), Ok(true));
        assert_eq!(file.approves(other), Ok(false));
        fs::write(&path, "yes\n").unwrap();
        assert!(file.approves(one).unwrap_err().contains("line 1"));
        assert!(file.remedy().ends_with("north.approved"));
    }
}
