//! Tasks: one at a time, until their lease ends.

use super::*;

#[test]
fn one_runs_at_a_time() {
    let mut executor = Executor::new();
    assert_eq!(executor.lease(), None);
    take(&mut executor, [call(0, 5), call(1, 5)]);
    let (run, first) = executor.start().unwrap();
    assert_eq!((number(&first), executor.lease()), (0, Some(Lease(5))));
    assert_eq!(executor.start(), None);
    executor.finish(run);
    assert_eq!(start(&mut executor), [1]);
}

#[test]
fn a_window_is_taken_and_no_more() {
    let mut executor = Executor::new();
    take(&mut executor, (0..15).map(|number| call(number, 5)));
    assert!(executor.wants_more());
    take(&mut executor, [call(15, 5)]);
    assert!(!executor.wants_more());
    executor.start();
    assert!(executor.wants_more());
}

#[test]
fn a_higher_lease_is_taken_and_a_lower_one_refused() {
    let mut executor = Executor::new();
    take(&mut executor, [call(0, 5)]);
    let (run, _) = executor.start().unwrap();
    take(&mut executor, [call(1, 7)]);
    assert_eq!(executor.lease(), Some(Lease(5)), "of what runs");
    assert_eq!(executor.arrive(call(2, 6)), Some(call(2, 6)));
    executor.finish(run);
    assert_eq!(start(&mut executor), [1]);
    assert_eq!(executor.lease(), Some(Lease(7)));
}

#[test]
fn what_waits_goes_back_when_what_runs_waits() {
    let mut executor = Executor::new();
    take(&mut executor, (0..3).map(|number| call(number, 5)));
    executor.start();
    let mut bounced = Vec::new();
    executor.unqueue(&mut bounced);
    assert_eq!(numbers(&bounced), [1, 2]);
    take(&mut executor, [call(3, 5)]);
}
