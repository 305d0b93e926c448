//! What becomes of cancelled calls.

use super::*;

fn cancelled(call: CallId) -> Action {
    Action::Fail(call, Failure::Cancelled)
}

fn told(lease: u64, call: CallId) -> Action {
    Action::Cancel { port: PortId(1_000 + lease), call }
}

#[test]
fn a_call_that_is_not_out_is_gone_at_once() {
    let mut desk = Desk::new();
    for target in [TASK, TO_ACTOR, TO_LOOSE_ACTOR] {
        for call in [desk.queued(target, NEVER_AGAIN), desk.waiting(target, NEVER_AGAIN)] {
            desk.actions();
            assert_eq!(desk.cancel(call), (true, vec![cancelled(call)]));
            assert_eq!(desk.cancel(call), (false, Vec::new()));
            assert_eq!(desk.ready(call), []);
        }
    }
    assert!(!desk.submitter.is_waiting());
    assert_eq!(desk.end_turn(), []);
    assert_eq!(desk.actor_is(alive(5, 0, None)), []);
}

#[test]
fn calls_that_it_held_back_go_on() {
    let mut desk = Desk::with_actor(5, None);
    let first = desk.waiting(TO_ACTOR, NEVER_AGAIN);
    let second = desk.queued(TO_ACTOR, NEVER_AGAIN);
    let (_, actions) = desk.cancel(first);
    assert_eq!(actions[0], cancelled(first));
    assert_eq!(sends(&actions), [attempt(second, 0)]);
}

#[test]
fn a_call_that_is_out_is_settled_and_keeps_its_name() {
    let always = Policy { max_retries: None, retry_errors: true, ..NEVER_AGAIN };
    for reply in [Reply::Value, Reply::Error, Reply::Bounced] {
        for desk in [Desk::with_leases(&[5]), Desk::with_actor(5, None)] {
            let mut desk = desk;
            let target = if desk.submitted == 0 { TASK } else { TO_ACTOR };
            let call = desk.sent(target, always).attempt;
            assert_eq!(desk.cancel(call.call), (true, vec![cancelled(call.call), told(5, call.call)]));
            assert!(!desk.submitter.is_waiting());
            assert_eq!(desk.cancel(call.call), (false, Vec::new()));
            assert_eq!(desk.submitter.lease(call.call), Some(Lease(5)));
            assert_eq!(desk.reply(call, reply), (Replied::Ignored, Vec::new()));
            assert_eq!(desk.submitter.lease(call.call), None);
        }
    }
}

#[test]
fn it_is_not_tried_again_after_a_death() {
    let mut desk = Desk::with_leases(&[5]);
    let task = desk.sent(TASK, Policy::default()).attempt;
    desk.cancel(task.call);
    assert_eq!(desk.told(&lease_ended(5, Some(killed()), &[task])), []);
    assert_eq!(desk.end_turn(), []);

    let mut desk = Desk::with_actor(5, None);
    let call = desk.sent(TO_ACTOR, Policy::default()).attempt;
    desk.cancel(call.call);
    assert_eq!(desk.actor_is(starting(1, Some(ended(5, &[])))), []);
    assert_eq!(desk.actor_is(alive(6, 1, None)), []);
    let call = desk.sent(TO_ACTOR, Policy::default()).attempt;
    desk.cancel(call.call);
    assert_eq!(desk.actor_is(dead(Some(ended(6, &[call])))), []);
    assert_eq!(desk.submitter.lease(call.call), None);
}

#[test]
fn it_takes_up_its_lease_until_it_is_answered() {
    let mut desk = Desk::with_leases(&[5]);
    let first = desk.sent(TASK, NEVER_AGAIN).attempt;
    desk.cancel(first.call);
    let second = desk.queued(TASK, NEVER_AGAIN);
    desk.before_sleep();
    let (_, actions) = desk.reply(first, Reply::Bounced);
    assert_eq!(sends(&actions), [attempt(second, 0)]);
}

#[test]
fn a_forgotten_actor_is_watched_until_it_is_answered() {
    let mut desk = Desk::with_actor(5, None);
    let call = desk.sent(TO_ACTOR, NEVER_AGAIN).attempt;
    desk.submitter.forget_actor(ACTOR, &mut desk.actions);
    let (_, actions) = desk.cancel(call.call);
    assert_eq!(actions, [cancelled(call.call), told(5, call.call)]);
    assert_eq!(desk.reply(call, Reply::Bounced), (Replied::Ignored, vec![unwatch()]));
}
