//! What secure aggregation costs one hospital: `cargo bench -p ward-privacy --bench secagg [-- N...]`.
//!
//! For cohorts of 10, 100 and 1,000 (or the N that are named) and models of 3 k, 100 k and 10 M
//! parameters: processor time of one node, on one thread, to agree on keys and share secrets (`keys`),
//! and to mask words of 64 and of 32 bits and hash them (`mask`). Beside them stand the estimates that the
//! protocol was chosen by: ChaCha20 and 32-bit words.

#![expect(clippy::print_stdout, reason = "the result is the output")]

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::Arc;

use cpu_time::ProcessTime;
use ward_core::{MaskSuite, NodeId, RingSpec, RoundId, Upload, Weighting, WordWidth};
use ward_privacy::secagg::coordinator::Keying;
use ward_privacy::secagg::node::{self, Setting};
use ward_privacy::secagg::{
    Identity, MaskingParams, Member, MemoryJournal, Roster, SecretRng, SessionInputs,
};

/// Cohort, and milliseconds in all at 3 k, 100 k and 10 M parameters with 32-bit words and ChaCha20.
const ESTIMATES: [(usize, [f64; 3]); 3] = [
    (10, [3.0, 6.0, 330.0]),
    (100, [34.0, 67.0, 3_200.0]),
    (1_000, [48.0, 93.0, 4_500.0]),
];
const LENGTHS: [u64; 3] = [3_000, 100_000, 10_000_000];

fn main() {
    let chosen: Vec<usize> = std::env::args()
        .filter_map(|arg| arg.parse().ok())
        .collect();
    println!("milliseconds of one node, one thread");
    println!("    n  neighbours    length  suite      bits    keys     mask  in all   (estimate)");
    for (nodes, estimates) in ESTIMATES {
        if !chosen.is_empty() && !chosen.contains(&nodes) {
            continue;
        }
        let suites = [MaskSuite::ChaCha20, MaskSuite::Aes256Ctr];
        let widths = [WordWidth::Wide, WordWidth::Narrow];
        for (suite, width) in suites
            .into_iter()
            .flat_map(|suite| widths.map(|w| (suite, w)))
        {
            for (length, estimate) in LENGTHS.into_iter().zip(estimates) {
                let (neighbours, keys, mask) = timed(nodes, length, (suite, width));
                let beside = match (suite, width) {
                    (MaskSuite::ChaCha20, WordWidth::Narrow) => format!("{estimate:.0}"),
                    _ => String::new(),
                };
                println!(
                    "{nodes:5}  {neighbours:10}  {length:8}  {:9}  {:4}  {keys:6.1}  {mask:7.1}  {:6.1}   {beside}",
                    format!("{suite:?}"),
                    width.bits(),
                    keys + mask
                );
            }
        }
    }
}

fn setting(
    session: &SessionInputs,
    roster: &Arc<Roster>,
    identity: &Arc<Identity>,
    i: usize,
) -> Setting {
    Setting {
        session: session.clone(),
        me: NodeId(i as u32),
        roster: roster.clone(),
        identity: identity.clone(),
        least_survivors: 3,
    }
}

/// Neighbours of node 0, and its milliseconds for keys and for masks.
fn timed(nodes: usize, length: u64, (suite, width): (MaskSuite, WordWidth)) -> (usize, f64, f64) {
    let mut rng = SecretRng::from_seed([1; 32]);
    let identities: Vec<Arc<Identity>> = (0..nodes)
        .map(|_| Arc::new(Identity::draw(&mut rng)))
        .collect();
    let member = |identity: &Arc<Identity>| Member {
        key: identity.key(),
        certificate: [0; 32],
    };
    let members = (0..).map(NodeId).zip(identities.iter().map(member));
    let roster = Roster::new("bench".into(), 1, members.collect());
    let Ok(roster) = roster.map(Arc::new) else {
        unreachable!("every node has a key of its own");
    };
    let session = SessionInputs {
        federation: "bench".into(),
        job: "bench".into(),
        round: RoundId(0),
        attempt: 0,
        model: [0; 32],
        task: [0; 32],
        params: MaskingParams {
            suite,
            width,
            // A thousand hospitals fill 2^10 x 2^3 x 2^16 of 2^31.
            ring: RingSpec {
                fraction_bits: 16,
                range: 8.0,
                most_weight: 1,
            },
            weighting: Weighting::Uniform,
            length,
            min_survivors: 3,
        },
        roster: roster.digest(),
        cohort: (0..nodes as u32).map(NodeId).collect(),
    };

    let play = || -> Result<(usize, f64, f64), Box<dyn std::error::Error>> {
        let mut rng = SecretRng::from_seed([2; 32]);
        let mut spent = 0.0;
        let mut keying = Keying::open(session.clone(), roster.clone())?;
        let mut offered = Vec::new();
        for (i, identity) in identities.iter().enumerate() {
            let setting = setting(&session, &roster, identity, i);
            let began = ProcessTime::now();
            let (state, offer) = node::begin(setting, &mut MemoryJournal::default(), &mut rng)?;
            if i == 0 {
                spent += millis(began);
            }
            keying.accept(NodeId(i as u32), offer)?;
            offered.push(state);
        }
        let mut shared = BTreeMap::new();
        let mut sharing;
        if keying.is_drawn() {
            let (offers, mut drawing) = keying.draw()?;
            let mut opened = Vec::new();
            for (i, state) in offered.into_iter().enumerate() {
                let began = ProcessTime::now();
                let (state, opening) = state.open(&offers)?;
                if i == 0 {
                    spent += millis(began);
                }
                drawing.accept(NodeId(i as u32), opening)?;
                opened.push(state);
            }
            let (openings, next) = drawing.close()?;
            sharing = next;
            for (i, state) in opened.into_iter().enumerate() {
                let began = ProcessTime::now();
                let (state, offer) = state.share(&openings, &mut rng)?;
                if i == 0 {
                    spent += millis(began);
                    shared.insert(i, state);
                }
                sharing.accept(NodeId(i as u32), offer)?;
            }
        } else {
            let (offers, next) = keying.close()?;
            sharing = next;
            for (i, state) in offered.into_iter().enumerate() {
                let began = ProcessTime::now();
                let (state, offer) = state.share(&offers, &mut rng)?;
                if i == 0 {
                    spent += millis(began);
                    shared.insert(i, state);
                }
                sharing.accept(NodeId(i as u32), offer)?;
            }
        }
        let (letters, _) = sharing.close()?;
        let state = shared.remove(&0).ok_or("node 0 is there")?;
        let mine = &letters[0].1;
        let began = ProcessTime::now();
        let masking = state.receive(mine)?;
        spent += millis(began);
        let upload = Upload {
            words: vec![1; length as usize].into(),
            weight: 1,
            loss: 0.5,
        };
        let began = ProcessTime::now();
        let (_, _) = masking.mask(upload, NonZeroUsize::MIN)?;
        Ok((mine.envelopes.len(), spent, millis(began)))
    };
    match play() {
        Ok(times) => times,
        Err(error) => unreachable!("everybody is honest: {error}"),
    }
}

fn millis(began: ProcessTime) -> f64 {
    began.elapsed().as_secs_f64() * 1_000.0
}
