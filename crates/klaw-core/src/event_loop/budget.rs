//! How much user code may send and take before the loop must turn.

use std::time::{Duration, Instant};

/// Far more than a turn of a loop costs, far less than anybody notices.
const TURN: Duration = Duration::from_millis(1);
const MESSAGES: u32 = 4_096;
const BYTES: usize = 1 << 20;
/// Messages between two looks at the clock, which cost about as much as one message.
const CLOCK_EVERY: u32 = 64;

/// One turn's budget.
#[derive(Debug)]
pub(super) struct Budget {
    messages: u32,
    bytes: usize,
    /// When the first message of the turn passed: a turn without any reads no clock.
    started: Option<Instant>,
    over: bool,
}

impl Budget {
    pub(super) fn new() -> Self {
        Self { messages: MESSAGES, bytes: BYTES, started: None, over: false }
    }

    pub(super) fn is_spent(&self) -> bool {
        self.over
    }

    /// One message of `bytes` passes.
    #[inline]
    pub(super) fn spend(&mut self, bytes: usize) {
        if !self.over {
            self.count(bytes);
        }
    }

    fn count(&mut self, bytes: usize) {
        self.messages = self.messages.saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(bytes);
        let is_late = match self.started {
            None => {
                self.started = Some(Instant::now());
                false
            }
            Some(started) => self.messages.is_multiple_of(CLOCK_EVERY) && started.elapsed() > TURN,
        };
        self.over |= is_late || self.messages == 0 || self.bytes == 0;
    }
}
