//! How many calls may be pending.

use super::*;

#[test]
fn calls_beyond_the_limit_are_refused_until_one_is_settled() {
    let two = Policy { max_pending: Some(2), ..NEVER_AGAIN };
    let refused = Refused::PendingLimit { limit: 2 };
    let mut desk = Desk::with_actor(5, None);
    let first = desk.sent(TO_ACTOR, two).attempt;
    let second = desk.waiting(TO_ACTOR, two);
    let submit = |desk: &mut Desk| desk.submitter.submit(TO_ACTOR, two, || 0, &mut desk.actions);
    assert_eq!(submit(&mut desk), Err(refused));
    assert_eq!(desk.submitter.submit_waiting(TO_ACTOR, two, &mut desk.actions), Err(refused));
    desk.cancel(second);
    assert!(submit(&mut desk).is_ok());
    assert_eq!(submit(&mut desk), Err(refused));
    desk.cancel(first.call);
    assert!(submit(&mut desk).is_ok(), "a cancelled call is settled");
}

#[test]
fn other_actors_and_calls_without_a_limit_do_not_mind() {
    let one = Policy { max_pending: Some(1), ..NEVER_AGAIN };
    let mut desk = Desk::with_actor(5, None);
    desk.sent(TO_ACTOR, one);
    desk.sent(TO_ACTOR, NEVER_AGAIN);
    let other = ActorId { owner: ME, number: 8 };
    desk.queued(Target::Actor { actor: other, ordered: true }, one);
}

#[test]
fn there_are_a_million_calls_at_most() {
    let mut desk = Desk::new();
    let calls: Vec<CallId> = (0..1 << 20).map(|_| desk.queued(TASK, NEVER_AGAIN)).collect();
    let submit = |desk: &mut Desk| desk.submitter.submit(TASK, NEVER_AGAIN, || 0, &mut desk.actions);
    assert_eq!(submit(&mut desk), Err(Refused::TooMany));
    desk.cancel(calls[5]);
    assert!(submit(&mut desk).is_ok());
}
