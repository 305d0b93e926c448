//! When a call is tried again.

use super::*;

const ON_ERRORS: Policy = Policy { max_retries: Some(1), retry_errors: true, ..NEVER_AGAIN };

#[test]
fn tasks_of_a_dead_worker_are_tried_again_only_if_they_may_have_run() {
    let mut desk = Desk::with_leases(&[5]);
    let first = desk.sent(TASK, Policy { max_retries: Some(1), ..NEVER_AGAIN }).attempt;
    let queued: Vec<CallId> = (0..3).map(|_| desk.queued(TASK, NEVER_AGAIN)).collect();
    assert_eq!(desk.told(&lease_ended(5, Some(killed()), &[first])), []);
    assert_eq!(sends(&desk.told(&leased(6))), [attempt(first.call, 1)]);
    let failed = desk.told(&lease_ended(6, Some(killed()), &[attempt(first.call, 1)]));
    assert_eq!(failed, [Action::Fail(first.call, Failure::WorkerCrashed { end: killed() })]);
    assert_eq!(sends(&desk.told(&leased(7))), [attempt(queued[0], 0)]);
    assert_eq!(desk.told(&lease_ended(7, Some(killed()), &[])), []);
    assert_eq!(sends(&desk.told(&leased(8))), [attempt(queued[0], 0)]);
}

#[test]
fn tasks_that_come_back_go_to_other_workers_at_once() {
    let mut desk = Desk::with_leases(&[5, 6, 7]);
    let call = desk.sent(TASK, NEVER_AGAIN).attempt;
    let sent = desk.told(&lease_ended(5, Some(killed()), &[]));
    let Action::Send(route) = sent[0] else { panic!("{sent:?}") };
    assert_eq!((route.attempt, route.lease), (call, Lease(6)));
}

#[test]
fn errors_are_tried_again_if_the_policy_says_so() {
    for desk in [Desk::with_leases(&[5]), Desk::with_actor(5, Some(0))] {
        let mut desk = desk;
        let target = if desk.submitted == 0 { TASK } else { TO_ACTOR };
        let call = desk.sent(target, NEVER_AGAIN).attempt;
        assert_eq!(desk.reply(call, Reply::Error), (Replied::Settles, Vec::new()));
        let call = desk.sent(target, Policy::default()).attempt;
        assert_eq!(desk.reply(call, Reply::Error), (Replied::Settles, Vec::new()));

        let call = desk.sent(target, ON_ERRORS).attempt;
        let again = attempt(call.call, 1);
        let (replied, actions) = desk.reply(call, Reply::Error);
        assert_eq!((replied, sends(&actions)), (Replied::Ignored, vec![again]));
        assert_eq!(desk.reply(call, Reply::Value), (Replied::Ignored, Vec::new()));
        assert_eq!(desk.reply(again, Reply::Error), (Replied::Settles, Vec::new()));
        assert_eq!(desk.reply(again, Reply::Error), (Replied::Ignored, Vec::new()));
    }
}

#[test]
fn without_a_limit_tries_go_on() {
    let always = Policy { max_retries: None, retry_errors: true, ..NEVER_AGAIN };
    let mut desk = Desk::with_leases(&[5]);
    let mut now = desk.sent(TASK, always).attempt;
    for _ in 0..70_000 {
        let (replied, actions) = desk.reply(now, Reply::Error);
        assert_eq!(replied, Replied::Ignored);
        now = sends(&actions)[0];
    }
    assert_eq!(desk.reply(now, Reply::Value).0, Replied::Settles);
}

#[test]
fn replies_to_what_is_not_out_are_ignored() {
    let mut desk = Desk::new();
    let queued = desk.queued(TASK, NEVER_AGAIN);
    for call in [queued, CallId(77), CallId(u32::MAX)] {
        assert_eq!(desk.reply(attempt(call, 0), Reply::Value).0, Replied::Ignored);
    }
    assert!(desk.submitter.is_waiting());
}
