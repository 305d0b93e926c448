//! Looking around before sleeping: a wake costs tens of microseconds, an answer often comes in two.
//!
//! A loop spins only after a short wait, so that one that waits for a timer or for people sleeps at once; and it backs off
//! when spinning has not paid, which it never does when both peers sit on one core.

use std::time::Duration;

/// A wait that was shorter than this may be followed by one like it.
const SHORT: Duration = Duration::from_micros(200);
/// Misses in a row after which waits are skipped: 2, 4, 8 ... of them.
const MISSES_BEFORE_SKIPPING: u32 = 3;
const MOST_SKIPPED_LOG2: u32 = 6;

/// Decides before each sleep how long to look around. A pure state machine: it is told times and reads no clock.
#[derive(Debug)]
pub struct Spin {
    budget: Duration,
    last_wait: Duration,
    misses: u32,
    skip: u32,
}

impl Spin {
    /// Looks around for at most `budget` before each sleep; zero: never.
    #[must_use]
    pub fn new(budget: Duration) -> Self {
        Self { budget, last_wait: Duration::MAX, misses: 0, skip: 0 }
    }

    /// About to sleep: how long to look around first.
    pub fn budget(&mut self) -> Duration {
        if self.last_wait >= SHORT {
            return Duration::ZERO;
        }
        if self.skip > 0 {
            self.skip -= 1;
            return Duration::ZERO;
        }
        self.budget
    }

    /// Something came while looking around.
    pub fn found(&mut self, waited: Duration) {
        self.last_wait = waited;
        self.misses = 0;
    }

    /// The budget was spent for nothing; the sleep comes next.
    pub fn missed(&mut self) {
        self.misses += 1;
        if self.misses >= MISSES_BEFORE_SKIPPING {
            let log2 = (self.misses - MISSES_BEFORE_SKIPPING + 1).min(MOST_SKIPPED_LOG2);
            self.skip = 1 << log2;
        }
    }

    /// Something came after a sleep; `waited` counts from before looking around.
    pub fn woken(&mut self, waited: Duration) {
        self.last_wait = waited;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUDGET: Duration = Duration::from_micros(20);
    const fn micros(n: u64) -> Duration {
        Duration::from_micros(n)
    }

    #[test]
    fn spins_only_after_a_short_wait() {
        let mut spin = Spin::new(BUDGET);
        assert_eq!(spin.budget(), Duration::ZERO, "nothing is known yet");
        spin.woken(micros(40));
        assert_eq!(spin.budget(), BUDGET);
        spin.missed();
        spin.woken(micros(5_000));
        assert_eq!(spin.budget(), Duration::ZERO);
        spin.woken(micros(199));
        assert_eq!(spin.budget(), BUDGET);
    }

    #[test]
    fn backs_off_while_it_does_not_pay_and_returns_when_it_does() {
        let mut spin = Spin::new(BUDGET);
        spin.woken(micros(10));
        let mut rounds = 0;
        for _ in 0..1_000 {
            if spin.budget() > Duration::ZERO {
                rounds += 1;
                spin.missed();
            }
            spin.woken(micros(10));
        }
        assert!((15..25).contains(&rounds), "spun {rounds} times of 1000");
        while spin.budget() == Duration::ZERO {}
        spin.found(micros(2));
        assert!((0..100).all(|_| spin.budget() == BUDGET));
    }

    #[test]
    fn a_budget_of_zero_never_spins() {
        let mut spin = Spin::new(Duration::ZERO);
        spin.woken(micros(1));
        assert_eq!(spin.budget(), Duration::ZERO);
    }
}
