//! Journals keep to their rules, and what a file holds survives.

use std::fs;

use proptest::prelude::*;

use super::*;
use crate::secagg::journal::{Line, Remembered, Step};

fn line(attempt: u32, step: Step) -> Line {
    Line {
        job: "run 7".into(),
        round: RoundId(3),
        attempt,
        step,
    }
}

const U3: [u8; 32] = [7; 32];

#[test]
fn the_rules_allow_one_consent_an_attempt_and_one_reveal_a_round() {
    let after = |lines: &[Line]| {
        lines
            .iter()
            .try_fold(None, |known, line| Remembered::after(known, line).map(Some))
    };
    let (began, consented, revealed) = (
        |n| line(n, Step::Began),
        |n| line(n, Step::Consented(U3)),
        |n| line(n, Step::Revealed),
    );
    assert!(after(&[began(0), consented(0), revealed(0)]).is_some());
    assert!(after(&[began(0), began(2), consented(2), revealed(2)]).is_some());
    assert!(after(&[began(0), consented(0), began(1), consented(1), revealed(1)]).is_some());
    // J1: no attempt twice, none backwards.
    assert!(after(&[began(1), began(1)]).is_none());
    assert!(after(&[began(1), began(0)]).is_none());
    // J2: one consent, of the latest attempt.
    assert!(after(&[began(0), consented(0), consented(0)]).is_none());
    assert!(after(&[began(0), began(1), consented(0)]).is_none());
    assert!(after(&[consented(0)]).is_none());
    // J3: nothing after a reveal, and no reveal without consent.
    assert!(after(&[began(0), revealed(0)]).is_none());
    assert!(after(&[began(0), consented(0), revealed(0), began(1)]).is_none());
    assert!(after(&[began(0), consented(0), revealed(0), revealed(0)]).is_none());
}

/// A folder, the path of a journal in it, and a roster.
fn place() -> (tempfile::TempDir, std::path::PathBuf, Arc<Roster>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    (folder, path, World::new(3, 1).roster)
}

fn filled(path: &std::path::Path, roster: &Roster) {
    let mut journal = FileJournal::create(path, roster).unwrap();
    for step in [Step::Began, Step::Consented(U3), Step::Revealed] {
        journal.record(line(4, step)).unwrap();
    }
}

#[test]
fn a_file_remembers_across_processes() {
    let (_folder, path, roster) = place();
    assert!(matches!(
        FileJournal::open(&path, &roster),
        Err(NoJournal::Missing(_))
    ));
    filled(&path, &roster);
    assert!(matches!(
        FileJournal::create(&path, &roster),
        Err(NoJournal::Exists(_))
    ));
    let mut journal = FileJournal::open(&path, &roster).unwrap();
    assert!(matches!(
        FileJournal::open(&path, &roster),
        Err(NoJournal::InUse(_))
    ));
    let expected = Remembered {
        attempt: 4,
        consented: Some(U3),
        revealed: true,
    };
    assert_eq!(
        journal.remembered("run 7", RoundId(3)).unwrap(),
        Some(expected)
    );
    assert_eq!(journal.remembered("run 7", RoundId(4)).unwrap(), None);
    assert!(journal.record(line(5, Step::Began)).is_err());
    drop(journal);
    let next = Roster::new("west".into(), 2, BTreeMap::new()).unwrap();
    assert!(matches!(
        FileJournal::open(&path, &next),
        Err(NoJournal::OtherEpoch(_))
    ));
}

#[test]
fn a_torn_tail_is_cut_off_and_the_journal_goes_on() {
    let (_folder, path, roster) = place();
    filled(&path, &roster);
    let whole = fs::read(&path).unwrap();
    let third = whole
        .split_inclusive(|&b| b == b'\n')
        .take(3)
        .map(<[u8]>::len)
        .sum::<usize>();
    for torn in [third + 1, whole.len() - 1] {
        fs::write(&path, &whole[..torn]).unwrap();
        let mut journal = FileJournal::open(&path, &roster).unwrap();
        assert!(
            !journal
                .remembered("run 7", RoundId(3))
                .unwrap()
                .unwrap()
                .revealed
        );
        journal.record(line(4, Step::Revealed)).unwrap();
        drop(journal);
        assert_eq!(fs::read(&path).unwrap(), whole);
    }
}

proptest! {
    #[test]
    fn any_flipped_bit_is_noticed(at: prop::sample::Index, bit in 0_u8..8) {
        let (_folder, path, roster) = place();
        filled(&path, &roster);
        let mut bytes = fs::read(&path).unwrap();
        // The last line feed is what tells a whole line from a torn one.
        let at = at.index(bytes.len() - 1);
        bytes[at] ^= 1 << bit;
        fs::write(&path, &bytes).unwrap();
        prop_assert!(FileJournal::open(&path, &roster).is_err());
    }
}

#[test]
fn lines_that_were_dropped_or_exchanged_are_noticed() {
    let (_folder, path, roster) = place();
    filled(&path, &roster);
    let text = fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    for order in [
        vec![0, 1, 3],
        vec![0, 2, 3],
        vec![0, 2, 1, 3],
        vec![1, 2, 3],
        vec![0, 1, 1],
    ] {
        let text: String = order.iter().map(|&i| lines[i]).collect();
        fs::write(&path, text).unwrap();
        assert!(FileJournal::open(&path, &roster).is_err());
    }
}
