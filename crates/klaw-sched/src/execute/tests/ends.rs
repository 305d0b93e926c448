//! Leases that are reclaimed, calls that are cancelled, ports that die, actors that end.

use super::*;

#[test]
fn a_reclaimed_lease_is_yielded_once_when_nothing_of_it_runs() {
    let mut executor = Executor::new();
    take(&mut executor, (0..3).map(|number| call(number, 5)));
    let (run, _) = executor.start().unwrap();
    let mut bounced = Vec::new();
    executor.reclaim(Lease(5), &mut bounced);
    assert_eq!(numbers(&bounced), [1, 2]);
    assert_eq!(executor.arrive(call(3, 5)), Some(call(3, 5)));
    assert_eq!(executor.yielded(), None);
    executor.finish(run);
    assert_eq!(executor.yielded(), Some(Lease(5)));
    assert_eq!(executor.yielded(), None);
    executor.reclaim(Lease(5), &mut bounced);
    assert_eq!(executor.yielded(), None);
    take(&mut executor, [call(4, 6)]);
}

#[test]
fn a_lease_can_be_reclaimed_of_which_no_call_has_come() {
    let mut executor = Executor::<()>::new();
    executor.reclaim(Lease(5), &mut Vec::new());
    executor.reclaim(Lease(6), &mut Vec::new());
    assert_eq!(executor.arrive(call(0, 5)), Some(call(0, 5)));
    assert_eq!(executor.yielded(), Some(Lease(5)));
    assert_eq!(executor.yielded(), Some(Lease(6)));
    assert_eq!(executor.yielded(), None);
}

#[test]
fn reclaiming_an_older_lease_takes_nothing_of_a_newer_one() {
    let mut executor = Executor::new();
    take(&mut executor, [call(0, 6)]);
    let mut bounced = Vec::new();
    executor.reclaim(Lease(5), &mut bounced);
    assert_eq!(bounced, []);
    assert_eq!(executor.yielded(), Some(Lease(5)));
    assert_eq!(start(&mut executor), [0]);
}

#[test]
fn an_actors_lease_is_not_a_task_lease() {
    let mut executor = actor(&[1]);
    let mut bounced = Vec::new();
    take(&mut executor, [call(0, 5)]);
    for lease in [5, 9] {
        executor.reclaim(Lease(lease), &mut bounced);
    }
    assert_eq!((bounced, executor.yielded()), (Vec::new(), None));
    take(&mut executor, [call(1, 5)]);
}

#[test]
fn a_cancelled_call_is_dropped_or_told_of_or_unknown() {
    let mut executor = actor(&[1]);
    take(&mut executor, (0..3).map(|number| call(number, 5)));
    executor.start();
    assert_eq!(executor.cancel(PORT, CallId(0)), Cancelled::Running(Run(0)));
    assert_eq!(executor.cancel(PORT, CallId(1)), Cancelled::Dropped(call(1, 5)));
    assert_eq!(executor.cancel(PORT, CallId(1)), Cancelled::Unknown);
    assert_eq!(executor.cancel(OTHER, CallId(2)), Cancelled::Unknown);
    executor.finish(Run(0));
    assert_eq!(executor.cancel(PORT, CallId(0)), Cancelled::Unknown);
    assert_eq!(start(&mut executor), [2]);
}

#[test]
fn the_dead_are_forgotten_but_what_runs_goes_on() {
    let mut executor = actor(&[1, 1]);
    take(&mut executor, [call(0, 5), call(1, 5), in_group(2, 5, 1)]);
    take(&mut executor, [Call { port: OTHER, ..call(3, 5) }]);
    let (run, _) = executor.start().unwrap();
    let mut dropped = Vec::new();
    executor.forget_port(PORT, &mut dropped);
    assert_eq!(dropped, [call(1, 5), in_group(2, 5, 1)]);
    assert_eq!(start(&mut executor), []);
    assert_eq!(executor.finish(run), Some((PORT, call(0, 5).attempt)));
    assert_eq!(start(&mut executor), [3]);
}

#[test]
fn an_actor_that_ends_does_what_has_arrived() {
    let mut executor = actor(&[1]);
    take(&mut executor, [call(0, 5), call(1, 5)]);
    executor.start();
    executor.close();
    assert_eq!(executor.arrive(call(2, 5)), Some(call(2, 5)));
    assert!(!executor.is_done());
    executor.finish(Run(0));
    assert_eq!(start(&mut executor), [1]);
    assert!(!executor.is_done());
    executor.finish(Run(0));
    assert!(executor.is_done());
}
