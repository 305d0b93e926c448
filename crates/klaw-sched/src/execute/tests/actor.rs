//! An actor's concurrency groups.

use super::*;

#[test]
fn each_group_starts_its_calls_in_order_and_no_group_waits_for_another() {
    let mut executor = actor(&[1, 2]);
    let groups = [0, 0, 1, 1, 1, 0];
    take(&mut executor, (0..).zip(groups).map(|(number, group)| in_group(number, 5, group)));
    let mut first = start(&mut executor);
    first.sort_unstable();
    assert_eq!(first, [0, 2, 3]);
    assert_eq!(executor.running(), 3);

    let (_, attempt) = executor.run(Run(0)).unwrap();
    assert_eq!(executor.finish(Run(0)), Some((PORT, attempt)));
    assert_eq!(executor.run(Run(0)), None);
    assert_eq!(executor.finish(Run(0)), None);
    assert_eq!(start(&mut executor), [1]);
}

#[test]
fn a_group_that_is_not_there_is_the_default_one() {
    let mut executor = actor(&[1, 1]);
    take(&mut executor, [in_group(0, 5, 9), call(1, 5)]);
    assert_eq!(start(&mut executor), [0]);
}

#[test]
fn limits_of_nothing_are_limits_of_one() {
    for limits in [&[][..], &[0]] {
        let mut executor = actor(limits);
        take(&mut executor, [call(0, 5), call(1, 5)]);
        assert_eq!(start(&mut executor), [0]);
    }
}

#[test]
fn no_more_calls_run_than_the_run_table_has_places() {
    let mut executor = actor(&[5_000, 5_000]);
    take(&mut executor, (0..3_000).map(|number| in_group(number, 5, u16::from(number % 2 == 0))));
    assert_eq!(start(&mut executor).len(), MAX_RUNS as usize);
    executor.finish(Run(17));
    let (run, _) = executor.start().unwrap();
    assert_eq!(run, Run(17));
    assert_eq!(executor.start(), None);
}

#[test]
fn only_calls_of_its_own_life_are_taken() {
    let mut executor = actor(&[1]);
    for lease in [4, 6] {
        assert_eq!(executor.arrive(call(0, lease)), Some(call(0, lease)));
    }
    take(&mut executor, [call(0, 5)]);
    assert_eq!(executor.lease(), Some(Lease(5)));
}

#[test]
fn more_is_taken_while_little_waits_or_a_group_is_dry() {
    let mut executor = actor(&[1, 1]);
    take(&mut executor, (0..255).map(|number| call(number, 5)));
    assert!(executor.wants_more());
    take(&mut executor, [call(255, 5)]);
    assert!(executor.wants_more(), "the other group has nothing to do");
    take(&mut executor, [in_group(256, 5, 1)]);
    assert!(!executor.wants_more());
    start(&mut executor);
    take(&mut executor, [call(257, 5), call(258, 5)]);
    assert!(!executor.wants_more(), "both groups have no place");
    executor.finish(Run(1));
    assert!(executor.wants_more());
    take(&mut executor, (0..65_536).map(|number| call(number, 5)));
    assert!(!executor.wants_more());
}

#[test]
fn what_waits_stays_when_what_runs_waits() {
    let mut executor = actor(&[1]);
    take(&mut executor, [call(0, 5)]);
    let mut bounced = Vec::new();
    executor.unqueue(&mut bounced);
    assert_eq!(bounced, []);
    assert_eq!(start(&mut executor), [0]);
}

#[test]
fn what_ran_before_counts_in_the_default_group() {
    let mut executor = Executor::new();
    take(&mut executor, [call(0, 4), call(1, 4)]);
    let (run, _) = executor.start().unwrap();
    let mut dropped = Vec::new();
    executor.become_actor(Lease(5), &[1], &mut dropped);
    assert_eq!(dropped, [call(1, 4)]);
    take(&mut executor, [call(2, 5)]);
    assert_eq!(executor.start(), None);
    executor.finish(run);
    assert_eq!(start(&mut executor), [2]);
}
