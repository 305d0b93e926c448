//! What becomes of calls when their actor dies.

use super::*;

fn by_process() -> DeathCause {
    DeathCause::ProcessEnded(killed())
}

#[test]
fn calls_that_never_started_are_sent_again_and_those_that_may_have_run_only_if_they_may() {
    let once = Policy { max_retries: Some(1), ..NEVER_AGAIN };
    let mut desk = Desk::with_actor(5, Some(2));
    let ran = desk.sent(TO_ACTOR, NEVER_AGAIN).attempt;
    let ran_too = desk.sent(TO_ACTOR, once).attempt;
    let never = desk.sent(TO_ACTOR, NEVER_AGAIN).attempt;
    let failed = desk.actor_is(starting(1, Some(ended(5, &[ran, ran_too]))));
    assert_eq!(failed, [actor_died(ran.call, by_process(), true, Some(2))]);
    let later = desk.queued(TO_ACTOR, NEVER_AGAIN);
    let again = attempt(ran_too.call, 1);
    assert_eq!(sends(&desk.actor_is(alive(6, 1, Some(1)))), [again, never, attempt(later, 0)]);

    assert_eq!(desk.reply(ran_too, Reply::Value).0, Replied::Ignored);
    let failed = desk.actor_is(starting(2, Some(ended(6, &[again]))));
    assert_eq!(failed, [actor_died(again.call, by_process(), true, Some(1))]);
}

#[test]
fn an_older_try_in_the_run_table_is_not_this_one() {
    let once = Policy { max_retries: Some(1), ..NEVER_AGAIN };
    let mut desk = Desk::with_actor(5, None);
    let first = desk.sent(TO_ACTOR, once).attempt;
    desk.actor_is(starting(1, Some(ended(5, &[first]))));
    let second = attempt(first.call, 1);
    desk.actor_is(alive(6, 1, None));
    assert_eq!(desk.actor_is(starting(2, Some(ended(6, &[first])))), []);
    assert_eq!(sends(&desk.actor_is(alive(7, 2, None))), [second]);
}

#[test]
fn all_calls_of_a_dead_actor_fail_and_so_do_later_ones() {
    let mut desk = Desk::with_actor(5, None);
    let ran = desk.sent(TO_ACTOR, Policy::default()).attempt;
    let never = desk.sent(TO_ACTOR, Policy::default()).attempt;
    let waiting = desk.waiting(TO_ACTOR, Policy::default());
    let failed = desk.actor_is(dead(Some(ended(5, &[ran]))));
    let died = |call, may_have_run| actor_died(call, DeathCause::Killed, may_have_run, Some(0));
    assert_eq!(failed, [died(ran.call, true), died(never.call, false), died(waiting, false)]);
    assert!(!desk.submitter.is_waiting());
    let late = desk.queued(TO_ACTOR, Policy::default());
    assert_eq!(desk.actions(), [died(late, false)]);
    let late = desk.waiting(TO_ACTOR, Policy::default());
    assert_eq!(desk.actions(), [died(late, false)]);
}

#[test]
fn a_call_that_ran_before_may_have_run_even_if_its_last_try_never_started() {
    let mut desk = Desk::with_actor(5, None);
    let first = desk.sent(TO_ACTOR, Policy { max_retries: Some(1), ..NEVER_AGAIN }).attempt;
    desk.actor_is(starting(1, Some(ended(5, &[first]))));
    let failed = desk.actor_is(dead(None));
    assert_eq!(failed, [actor_died(first.call, DeathCause::Killed, true, Some(0))]);
}

#[test]
fn a_call_that_was_sent_to_a_life_of_which_nothing_is_told_may_have_run() {
    let mut desk = Desk::with_actor(5, None);
    let call = desk.sent(TO_ACTOR, Policy::default()).attempt.call;
    assert_eq!(desk.actor_is(dead(None)), [actor_died(call, DeathCause::Killed, true, Some(0))]);
}

#[test]
fn a_call_that_was_sent_by_old_news_is_tried_again_or_fails() {
    for news in [starting(1, None), starting(2, Some(ended(6, &[]))), alive(7, 2, Some(0))] {
        let mut desk = Desk::with_actor(5, Some(2));
        let call = desk.sent(TO_ACTOR, NEVER_AGAIN).attempt;
        let again = desk.sent(TO_ACTOR, Policy { max_retries: Some(1), ..NEVER_AGAIN }).attempt;
        let cancelled = desk.sent(TO_ACTOR, NEVER_AGAIN).attempt;
        desk.cancel(cancelled.call);
        let failed = desk.actor_is(news);
        let Action::Fail(of, Failure::ActorDied { may_have_run: true, .. }) = failed[0] else {
            panic!("{failed:?}")
        };
        assert_eq!(of, call.call);
        assert_eq!(desk.submitter.lease(cancelled.call), None);
        let sent = [sends(&failed), sends(&desk.actor_is(alive(7, 2, Some(0))))].concat();
        assert_eq!(sent, [attempt(again.call, 1)]);
    }
}

#[test]
fn calls_that_may_not_wait_fail_while_the_actor_is_restarted() {
    let hasty = Policy { fail_while_restarting: true, ..NEVER_AGAIN };
    let mut desk = Desk::new();
    let first = desk.queued(TO_ACTOR, hasty);
    desk.actions();
    assert_eq!(desk.actor_is(starting(0, None)), []);
    desk.actor_is(alive(5, 0, None));
    assert_eq!(desk.actor_is(starting(1, Some(ended(5, &[])))), [unavailable(first)]);
    let second = desk.queued(TO_ACTOR, hasty);
    assert_eq!(desk.actions(), [unavailable(second)]);
    let patient = desk.queued(TO_ACTOR, NEVER_AGAIN);
    assert_eq!(sends(&desk.actor_is(alive(6, 1, None))), [attempt(patient, 0)]);
}

#[test]
fn a_forgotten_actor_is_unwatched_with_its_last_call() {
    let mut desk = Desk::with_actor(5, None);
    let call = desk.sent(TO_ACTOR, NEVER_AGAIN).attempt;
    desk.submitter.forget_actor(ACTOR, &mut desk.actions);
    assert_eq!(desk.actions(), []);
    assert_eq!(desk.reply(call, Reply::Value), (Replied::Settles, vec![unwatch()]));
    desk.queued(TO_ACTOR, NEVER_AGAIN);
    assert_eq!(desk.actions(), [watch()]);
}

#[test]
fn an_actor_is_kept_if_it_is_called_again_after_it_was_forgotten() {
    let mut desk = Desk::with_actor(5, None);
    let first = desk.sent(TO_ACTOR, NEVER_AGAIN).attempt;
    desk.submitter.forget_actor(ACTOR, &mut desk.actions);
    let second = desk.sent(TO_ACTOR, NEVER_AGAIN).attempt;
    assert_eq!(desk.reply(first, Reply::Value), (Replied::Settles, Vec::new()));
    desk.submitter.forget_actor(ACTOR, &mut desk.actions);
    let failed = desk.actor_is(dead(Some(ended(5, &[]))));
    assert_eq!(failed, [actor_died(second.call, DeathCause::Killed, false, Some(0)), unwatch()]);
}

#[test]
fn news_of_unknown_actors_is_ignored() {
    assert_eq!(Desk::new().actor_is(alive(5, 0, None)), []);
}
