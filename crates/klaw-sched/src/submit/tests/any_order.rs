//! Whatever comes, in whatever order: nothing panics, and no call is settled twice.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

#[derive(Debug, Clone)]
enum Step {
    Submit(bool, bool, Policy),
    Ready(usize),
    Reply(usize, u16, Reply),
    Cancel(usize),
    Leased(u64),
    LeaseEnded(u64, bool, Vec<(usize, u16)>),
    Starting(u32, Option<(u64, Vec<(usize, u16)>)>),
    Alive(u64, u32, Option<u32>),
    Dead(Option<(u64, Vec<(usize, u16)>)>),
    Sleep,
    Forget,
}

fn some_policy() -> impl Strategy<Value = Policy> {
    let max_retries = prop_oneof![Just(Some(0)), Just(Some(1)), Just(None)];
    let max_pending = prop_oneof![Just(None), Just(Some(2))];
    (max_retries, any::<bool>(), any::<bool>(), max_pending).prop_map(
        |(max_retries, retry_errors, fail_while_restarting, max_pending)| Policy {
            max_retries,
            retry_errors,
            fail_while_restarting,
            max_pending,
        },
    )
}

fn step() -> impl Strategy<Value = Step> {
    let tries = || prop::collection::vec((0..20_usize, 0..3_u16), 0..3);
    let life = move || prop::option::of((0..4_u64, tries()));
    let reply = prop_oneof![Just(Reply::Value), Just(Reply::Error), Just(Reply::Bounced)];
    let left = prop::option::of(0..3_u32);
    prop_oneof![
        20 => (any::<bool>(), any::<bool>(), some_policy())
            .prop_map(|(is_task, waits, policy)| Step::Submit(is_task, waits, policy)),
        5 => (0..20_usize).prop_map(Step::Ready),
        15 => (0..20_usize, 0..3_u16, reply).prop_map(|(call, number, reply)| Step::Reply(call, number, reply)),
        5 => (0..20_usize).prop_map(Step::Cancel),
        5 => (0..4_u64).prop_map(Step::Leased),
        4 => (0..4_u64, any::<bool>(), tries()).prop_map(|(lease, dead, tries)| Step::LeaseEnded(lease, dead, tries)),
        3 => (0..3_u32, life()).prop_map(|(restarts, life)| Step::Starting(restarts, life)),
        5 => (0..4_u64, 0..3_u32, left).prop_map(|(lease, restarts, left)| Step::Alive(lease, restarts, left)),
        1 => life().prop_map(Step::Dead),
        3 => Just(Step::Sleep),
        1 => Just(Step::Forget),
    ]
}

/// A desk, and its calls that are not settled.
struct Model {
    desk: Desk,
    calls: Vec<CallId>,
    unsettled: BTreeSet<CallId>,
}

impl Model {
    fn call(&self, index: usize) -> CallId {
        self.calls.get(index).copied().unwrap_or(CallId(12_345))
    }

    fn tries(&self, tries: &[(usize, u16)]) -> Vec<Attempt> {
        tries.iter().map(|(call, number)| attempt(self.call(*call), *number)).collect()
    }

    fn life(&self, life: Option<(u64, Vec<(usize, u16)>)>) -> Option<EndedLife> {
        life.map(|(lease, tries)| ended(lease, &self.tries(&tries)))
    }

    fn take(&mut self, step: Step) {
        let actions = match step {
            Step::Submit(is_task, waits, policy) => self.submit(is_task, waits, policy),
            Step::Ready(call) => self.desk.ready(self.call(call)),
            Step::Reply(call, number, reply) => {
                let attempt = attempt(self.call(call), number);
                let (replied, actions) = self.desk.reply(attempt, reply);
                if replied == Replied::Settles {
                    assert!(self.unsettled.remove(&attempt.call));
                }
                actions
            }
            Step::Cancel(call) => {
                let (cancelled, actions) = self.desk.cancel(self.call(call));
                assert_eq!(cancelled, self.unsettled.contains(&self.call(call)));
                actions
            }
            Step::Leased(lease) => self.desk.told(&leased(lease)),
            Step::LeaseEnded(lease, dead, tries) => {
                self.desk.told(&lease_ended(lease, dead.then(killed), &self.tries(&tries)))
            }
            Step::Starting(restarts, life) => self.desk.actor_is(starting(restarts, self.life(life))),
            Step::Alive(lease, restarts, left) => self.desk.actor_is(alive(lease, restarts, left)),
            Step::Dead(life) => self.desk.actor_is(dead(self.life(life))),
            Step::Sleep => self.desk.before_sleep(),
            Step::Forget => {
                self.desk.submitter.forget_actor(ACTOR, &mut self.desk.actions);
                self.desk.actions()
            }
        };
        self.check(&actions);
    }

    fn submit(&mut self, is_task: bool, waits: bool, policy: Policy) -> Vec<Action> {
        let target = if is_task { TASK } else { TO_ACTOR };
        let Desk { submitter, actions, .. } = &mut self.desk;
        let call = if waits {
            submitter.submit_waiting(target, policy, actions)
        } else {
            submitter.submit(target, policy, || 0, actions).map(|submitted| submitted.call)
        };
        if let Ok(call) = call {
            self.calls.push(call);
            assert!(self.unsettled.insert(call));
        }
        self.desk.actions()
    }

    fn check(&mut self, actions: &[Action]) {
        for action in actions {
            match action {
                Action::Send(route) => {
                    assert!(self.unsettled.contains(&route.attempt.call));
                    assert!(self.desk.submitter.payload(route.attempt.call).is_some());
                }
                Action::Fail(call, _) => assert!(self.unsettled.remove(call)),
                Action::Tell(_) | Action::Cancel { .. } => {}
            }
        }
        assert_eq!(self.desk.submitter.is_waiting(), !self.unsettled.is_empty());
    }
}

proptest! {
    #[test]
    fn nothing_is_settled_twice(steps in prop::collection::vec(step(), 0..120)) {
        let mut model = Model { desk: Desk::new(), calls: Vec::new(), unsettled: BTreeSet::new() };
        for step in steps {
            model.take(step);
        }
        for call in model.calls.clone() {
            model.desk.cancel(call);
        }
        prop_assert!(!model.desk.submitter.is_waiting());
    }
}
