//! In which order calls to an actor are sent.

use super::*;

#[test]
fn calls_wait_until_the_actor_is_alive_and_go_in_their_order() {
    let mut desk = Desk::new();
    let first = desk.queued(TO_ACTOR, NEVER_AGAIN);
    assert_eq!(desk.actions(), [watch()]);
    let second = desk.queued(TO_ACTOR, NEVER_AGAIN);
    assert_eq!(desk.actor_is(starting(0, None)), []);
    let third = desk.queued(TO_ACTOR, NEVER_AGAIN);
    assert_eq!(desk.submitter.payload(second), Some(&2));

    let sent = desk.actor_is(alive(5, 0, Some(0)));
    assert_eq!(sends(&sent), [first, second, third].map(|call| attempt(call, 0)));
    let Action::Send(route) = sent[0] else { panic!("{sent:?}") };
    assert_eq!((route.lease, route.inbox, route.worker), (Lease(5), Inbox(2_005), None));
    assert_eq!(desk.submitter.lease(first), Some(Lease(5)));
}

#[test]
fn a_call_to_a_living_actor_is_sent_at_once_and_kept_only_if_it_may_be_sent_again() {
    let mut desk = Desk::with_actor(5, Some(0));
    let route = desk.sent(TO_ACTOR, NEVER_AGAIN);
    assert_eq!(desk.submitter.payload(route.attempt.call), None);
    let route = desk.sent(TO_ACTOR, Policy::default());
    assert!(desk.submitter.payload(route.attempt.call).is_some());

    let mut desk = Desk::with_actor(5, Some(1));
    let route = desk.sent(TO_ACTOR, NEVER_AGAIN);
    assert!(desk.submitter.payload(route.attempt.call).is_some());
    assert_eq!(desk.reply(route.attempt, Reply::Value), (Replied::Settles, Vec::new()));
    assert_eq!(desk.submitter.payload(route.attempt.call), None);
    assert!(!desk.submitter.is_waiting());
}

#[test]
fn an_ordered_call_that_waits_for_its_arguments_holds_back_later_ones() {
    let mut desk = Desk::with_actor(5, None);
    let first = desk.waiting(TO_ACTOR, NEVER_AGAIN);
    let second = desk.queued(TO_ACTOR, NEVER_AGAIN);
    let third = desk.waiting(TO_ACTOR, NEVER_AGAIN);
    let fourth = desk.queued(TO_ACTOR, NEVER_AGAIN);
    assert_eq!(sends(&desk.ready(first)), [attempt(first, 0), attempt(second, 0)]);
    assert_eq!(sends(&desk.ready(third)), [attempt(third, 0), attempt(fourth, 0)]);
    desk.sent(TO_ACTOR, NEVER_AGAIN);
}

#[test]
fn unordered_calls_go_ahead() {
    let mut desk = Desk::new();
    let first = desk.waiting(TO_LOOSE_ACTOR, NEVER_AGAIN);
    let second = desk.queued(TO_LOOSE_ACTOR, NEVER_AGAIN);
    let third = desk.waiting(TO_ACTOR, NEVER_AGAIN);
    let fourth = desk.queued(TO_LOOSE_ACTOR, NEVER_AGAIN);
    let fifth = desk.queued(TO_ACTOR, NEVER_AGAIN);
    let sent = desk.actor_is(alive(5, 0, Some(0)));
    assert_eq!(sends(&sent), [attempt(second, 0), attempt(fourth, 0)]);
    desk.sent(TO_LOOSE_ACTOR, NEVER_AGAIN);
    assert_eq!(sends(&desk.ready(first)), [attempt(first, 0)]);
    assert_eq!(sends(&desk.ready(third)), [attempt(third, 0), attempt(fifth, 0)]);
}

#[test]
fn what_is_ready_twice_or_unknown_is_ignored() {
    let mut desk = Desk::with_actor(5, None);
    let call = desk.waiting(TO_ACTOR, NEVER_AGAIN);
    assert_eq!(sends(&desk.ready(call)).len(), 1);
    assert_eq!(desk.ready(call), []);
    assert_eq!(desk.ready(CallId(u32::MAX)), []);
}

#[test]
fn a_call_that_is_sent_back_waits_in_its_place_for_another_life() {
    let mut desk = Desk::with_actor(5, None);
    let first = desk.sent(TO_ACTOR, NEVER_AGAIN).attempt;
    let second = desk.sent(TO_ACTOR, NEVER_AGAIN).attempt;
    assert_eq!(desk.reply(second, Reply::Bounced), (Replied::Ignored, Vec::new()));
    let third = desk.queued(TO_ACTOR, NEVER_AGAIN);
    assert_eq!(desk.reply(first, Reply::Bounced), (Replied::Ignored, Vec::new()));
    assert_eq!(desk.actor_is(alive(5, 0, None)), []);
    assert_eq!(desk.actor_is(starting(1, Some(ended(5, &[])))), []);
    assert_eq!(sends(&desk.actor_is(alive(6, 1, None))), [first, second, attempt(third, 0)]);
}

#[test]
fn a_call_that_was_not_kept_and_is_sent_back_fails_with_its_actor() {
    let mut desk = Desk::with_actor(5, Some(0));
    let call = desk.sent(TO_ACTOR, NEVER_AGAIN).attempt;
    assert_eq!(desk.reply(call, Reply::Bounced), (Replied::Ignored, Vec::new()));
    assert!(desk.submitter.is_waiting());
    let failed = desk.actor_is(dead(Some(ended(5, &[]))));
    assert_eq!(failed, [actor_died(call.call, DeathCause::Killed, false, Some(0))]);
}
