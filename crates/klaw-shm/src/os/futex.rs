//! Futexes between processes: never the PRIVATE form, which would not reach a waiter in another process.

#[cfg(not(loom))]
pub(crate) use real::{futex_wait, futex_wake};

#[cfg(not(loom))]
mod real {
    use std::time::Duration;

    use rustix::thread::futex;

    use crate::sync::AtomicU32;

    /// Sleeps while `word` holds `expected`, at most `timeout`. Wakes spuriously too: the caller looks again.
    pub(crate) fn futex_wait(word: &AtomicU32, expected: u32, timeout: Option<Duration>) {
        let timeout = timeout.map(|t| futex::Timespec {
            tv_sec: i64::try_from(t.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: i64::from(t.subsec_nanos()),
        });
        // EAGAIN (the word changed), EINTR and ETIMEDOUT all mean the same to the caller: look again.
        let _woken = futex::wait(word, futex::Flags::empty(), expected, timeout.as_ref());
    }

    pub(crate) fn futex_wake(word: &AtomicU32) {
        // One waiter is all there can be: a bell has one owner.
        let _woken = futex::wake(word, futex::Flags::empty(), 1);
    }
}

/// loom has no futex. The bell's loom tests use a wait of their own; nothing else under loom may sleep.
#[cfg(loom)]
pub(crate) fn futex_wait(_: &crate::sync::AtomicU32, _: u32, _: Option<std::time::Duration>) {
    crate::sync::yield_now();
}
#[cfg(loom)]
pub(crate) fn futex_wake(_: &crate::sync::AtomicU32) {}
