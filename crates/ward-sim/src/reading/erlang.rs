//! What is known of M/M/c queues by formula. Times are minutes.

use super::Room;

impl Room {
    /// The share of their time that readers read, 1 or more where the queue grows without end.
    #[must_use]
    pub fn load(&self) -> f64 {
        self.arrivals * self.minutes / self.readers as f64
    }

    /// The probability that a case has to wait (Erlang's C formula), by the recursion for his B:
    ///
    ///   `B_0` = 1,  `B_k` = a `B_{k-1}` / (k + a `B_{k-1}`),  C = B / (1 − load (1 − B))
    ///
    /// with a = arrivals × minutes. 1 where the load is 1 or more.
    #[must_use]
    pub fn probability_of_waiting(&self) -> f64 {
        let offered = self.arrivals * self.minutes;
        let blocked = (1..=self.readers).fold(1.0, |blocked, readers| {
            offered * blocked / (readers as f64 + offered * blocked)
        });
        match self.load() {
            load if load < 1.0 => blocked / (1.0 - load * (1.0 - blocked)),
            _ => 1.0,
        }
    }

    /// The mean wait before a read begins, whatever the order; infinite where the load is 1 or more.
    #[must_use]
    pub fn mean_wait(&self) -> f64 {
        let left = 1.0 - self.load();
        match left > 0.0 {
            true => self.probability_of_waiting() * self.minutes / (self.readers as f64 * left),
            false => f64::INFINITY,
        }
    }

    /// The mean waits of two classes, the first of which, a share `first` of the cases, is always read
    /// before the second (Cobham 1954). Infinite where the load of a class and those before it is 1 or
    /// more.
    #[must_use]
    pub fn mean_waits_of_classes(&self, first: f64) -> [f64; 2] {
        let begun = self.probability_of_waiting() * self.minutes / self.readers as f64;
        let left = |share: f64| 1.0 - share * self.load();
        let wait = |above: f64, with: f64| match with > 0.0 {
            true => begun / (above * with),
            false => f64::INFINITY,
        };
        [wait(1.0, left(first)), wait(left(first), left(1.0))]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn room(readers: usize, load: f64) -> Room {
        let minutes = 10.0;
        Room {
            readers,
            arrivals: load * readers as f64 / minutes,
            minutes,
        }
    }

    #[test]
    fn few_readers_have_closed_forms() {
        for load in [0.1_f64, 0.5, 0.9] {
            // One reader: C = load. Two: C = 2 load² / (1 + load), wait = s load² / (1 − load²).
            assert!((room(1, load).probability_of_waiting() - load).abs() < 1e-12);
            assert!((room(1, load).mean_wait() - 10.0 * load / (1.0 - load)).abs() < 1e-9);
            let two = room(2, load);
            let waits = 2.0 * load * load / (1.0 + load);
            assert!((two.probability_of_waiting() - waits).abs() < 1e-12);
            let wait = 10.0 * load * load / (1.0 - load * load);
            assert!((two.mean_wait() - wait).abs() < 1e-9);
        }
    }

    /// The definition, with factorials.
    #[test]
    fn the_recursion_is_the_sum() {
        let (c, a) = (6, 4.8_f64);
        let term = |k: i32| a.powi(k) / (1..=k).map(f64::from).product::<f64>();
        let last = term(c) / (1.0 - a / f64::from(c));
        let expected = last / ((0..c).map(term).sum::<f64>() + last);
        assert!((room(6, 0.8).probability_of_waiting() - expected).abs() < 1e-12);
    }

    #[test]
    fn classes_share_the_wait_of_all() {
        // Kleinrock's conservation law: Σ load_i wait_i does not depend on the order.
        let room = room(3, 0.85);
        for first in [0.0, 0.2, 0.7, 1.0] {
            let [one, other] = room.mean_waits_of_classes(first);
            let mean = first * one + (1.0 - first) * other;
            assert!((mean - room.mean_wait()).abs() < 1e-9, "{first}");
            assert!(one <= other);
        }
    }

    #[test]
    fn too_much_work_is_never_done() {
        let busy = room(2, 1.0);
        assert_eq!(busy.probability_of_waiting(), 1.0);
        assert!(busy.mean_wait().is_infinite());
        let [first, second] = busy.mean_waits_of_classes(0.3);
        assert!(first.is_finite() && second.is_infinite());
    }
}
