//! Which workers tasks go to, and how many are asked for.

use super::*;

#[test]
fn workers_are_asked_for_once_and_grants_are_counted() {
    let mut desk = Desk::new();
    let calls: Vec<CallId> = (0..3).map(|_| desk.queued(TASK, NEVER_AGAIN)).collect();
    assert_eq!(desk.end_turn(), [demand(3)]);
    assert_eq!(desk.end_turn(), []);
    let sent = desk.told(&leased(5));
    assert_eq!(sends(&sent), [attempt(calls[0], 0)]);
    let Action::Send(route) = sent[0] else { panic!("{sent:?}") };
    assert_eq!((route.lease, route.inbox, route.worker), (Lease(5), Inbox(2_005), Some(WorkerNo(5))));
    assert_eq!(desk.end_turn(), []);
    desk.queued(TASK, NEVER_AGAIN);
    assert_eq!(desk.end_turn(), [demand(3)]);
}

#[test]
fn no_more_than_256_workers_are_asked_for() {
    let mut desk = Desk::new();
    for _ in 0..300 {
        desk.queued(TASK, NEVER_AGAIN);
    }
    assert_eq!(desk.end_turn(), [demand(256)]);
}

#[test]
fn a_task_goes_to_the_lease_with_the_fewest_calls_out() {
    let mut desk = Desk::with_leases(&[5, 6]);
    assert_eq!(desk.sent(TASK, NEVER_AGAIN).lease, Lease(5));
    let second = desk.sent(TASK, NEVER_AGAIN);
    assert_eq!(second.lease, Lease(6));
    desk.queued(TASK, NEVER_AGAIN);
    let (replied, actions) = desk.reply(second.attempt, Reply::Value);
    assert_eq!((replied, sends(&actions).len()), (Replied::Settles, 1));
}

#[test]
fn tasks_of_one_class_do_not_go_to_workers_of_another() {
    let mut desk = Desk::with_leases(&[5]);
    desk.queued(Target::Task { cpus: Cpus(20_000) }, NEVER_AGAIN);
}

#[test]
fn a_window_doubles_while_tasks_wait_and_falls_when_one_is_sent_back() {
    let mut desk = Desk::with_leases(&[5]);
    let mut out = vec![desk.sent(TASK, NEVER_AGAIN).attempt];
    for _ in 0..60 {
        desk.queued(TASK, NEVER_AGAIN);
    }
    let mut depths = Vec::new();
    for _ in 0..6 {
        let (_, actions) = desk.reply(out.remove(0), Reply::Value);
        out.extend(sends(&actions));
        depths.push(out.len());
    }
    assert_eq!(depths, [2, 4, 8, 16, 16, 16]);

    // What runs waits for something: what waited behind it comes back, and nothing is sent behind it again.
    let back = out.split_off(1);
    for bounced in back.iter().rev() {
        assert_eq!(desk.reply(*bounced, Reply::Bounced), (Replied::Ignored, Vec::new()));
    }
    let (_, actions) = desk.reply(out[0], Reply::Value);
    assert_eq!(sends(&actions), back[..2], "the oldest go first");
}

#[test]
fn a_lease_whose_last_task_is_sent_back_is_not_used_again() {
    let mut desk = Desk::with_leases(&[5]);
    let call = desk.sent(TASK, NEVER_AGAIN).attempt;
    assert_eq!(desk.reply(call, Reply::Bounced), (Replied::Ignored, vec![give_back(5)]));
    assert_eq!(desk.end_turn(), [demand(1)]);
    assert_eq!(sends(&desk.told(&leased(6))), [call]);
    assert_eq!(desk.told(&lease_ended(5, None, &[])), []);
}

#[test]
fn a_task_that_is_sent_back_goes_to_another_worker_at_once() {
    let mut desk = Desk::with_leases(&[5, 6]);
    let call = desk.sent(TASK, NEVER_AGAIN).attempt;
    let (_, actions) = desk.reply(call, Reply::Bounced);
    assert_eq!(actions[0], give_back(5));
    let Action::Send(route) = actions[1] else { panic!("{actions:?}") };
    assert_eq!((route.attempt, route.lease), (call, Lease(6)));
}

#[test]
fn tasks_that_are_out_by_a_reclaimed_lease_are_waited_for() {
    let mut desk = Desk::with_leases(&[5]);
    let running = desk.sent(TASK, NEVER_AGAIN).attempt;
    let waiting = desk.queued(TASK, NEVER_AGAIN);
    assert_eq!(desk.told(&lease_ended(5, None, &[])), []);
    assert_eq!(desk.reply(running, Reply::Value), (Replied::Settles, vec![give_back(5)]));
    assert_eq!(sends(&desk.told(&leased(6))), [attempt(waiting, 0)]);
}

#[test]
fn a_reclaimed_lease_may_still_end_with_its_worker() {
    let mut desk = Desk::with_leases(&[5]);
    let on_its_way = desk.sent(TASK, NEVER_AGAIN).attempt;
    assert_eq!(desk.told(&lease_ended(5, None, &[])), []);
    assert_eq!(desk.told(&lease_ended(5, Some(killed()), &[])), []);
    assert_eq!(sends(&desk.told(&leased(6))), [on_its_way]);
}

#[test]
fn idle_leases_are_given_back_before_sleep_and_demands_withdrawn() {
    let mut desk = Desk::with_leases(&[5, 6]);
    let call = desk.sent(TASK, NEVER_AGAIN).attempt;
    assert_eq!(desk.before_sleep(), [give_back(6)]);
    let queued = desk.queued(TASK, NEVER_AGAIN);
    assert_eq!(desk.before_sleep(), [demand(1)]);
    desk.cancel(queued);
    assert_eq!(desk.before_sleep(), [demand(0)]);
    desk.reply(call, Reply::Value);
    assert_eq!(desk.before_sleep(), [give_back(5)]);
    assert_eq!(desk.before_sleep(), []);
}

#[test]
fn a_task_that_waits_for_its_arguments_asks_for_no_worker() {
    let mut desk = Desk::new();
    let call = desk.waiting(TASK, NEVER_AGAIN);
    assert_eq!(desk.end_turn(), []);
    assert!(desk.submitter.is_waiting());
    assert_eq!(desk.ready(call), []);
    assert_eq!(desk.end_turn(), [demand(1)]);
    assert_eq!(sends(&desk.told(&leased(5))), [attempt(call, 0)]);
}

#[test]
fn a_grant_that_comes_too_late_is_kept_until_sleep() {
    let mut desk = Desk::with_leases(&[5]);
    assert_eq!(desk.end_turn(), []);
    assert_eq!(desk.sent(TASK, NEVER_AGAIN).lease, Lease(5));
}
