//! Whatever comes, in whatever order: nothing panics, no call is lost, no limit is passed.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

#[derive(Debug, Clone)]
enum Step {
    Arrive(u8, u64, u16),
    Start,
    Finish(u32),
    Cancel(u32),
    Reclaim(u64),
    Yielded,
    Unqueue,
    ForgetOther,
    BecomeActor(u64, Vec<u32>),
    Close,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        20 => (1..3_u8, 0..6_u64, 0..4_u16).prop_map(|(port, lease, group)| Step::Arrive(port, lease, group)),
        10 => Just(Step::Start),
        10 => (0..6_u32).prop_map(Step::Finish),
        4 => (0..40_u32).prop_map(Step::Cancel),
        2 => (0..6_u64).prop_map(Step::Reclaim),
        2 => Just(Step::Yielded),
        1 => Just(Step::Unqueue),
        1 => Just(Step::ForgetOther),
        1 => (0..6_u64, prop::collection::vec(0..3_u32, 0..3)).prop_map(|(lease, limits)| Step::BecomeActor(lease, limits)),
        1 => Just(Step::Close),
    ]
}

/// An executor, and where each of its calls must be.
#[derive(Default)]
struct Model {
    executor: Executor<()>,
    next: u32,
    waiting: BTreeSet<u32>,
    running: BTreeSet<u32>,
}

impl Model {
    fn gone_back(&mut self, calls: &[Call<()>]) {
        for call in calls {
            assert!(self.waiting.remove(&number(call)));
        }
    }

    fn take(&mut self, step: Step) {
        let mut bounced = Vec::new();
        match step {
            Step::Arrive(port, lease, group) => {
                self.next += 1;
                let call = Call { port: PortId(port.into()), ..in_group(self.next, lease, group) };
                self.waiting.insert(self.next);
                bounced.extend(self.executor.arrive(call));
            }
            Step::Start => {
                for started in start(&mut self.executor) {
                    assert!(self.waiting.remove(&started));
                    self.running.insert(started);
                }
            }
            Step::Finish(run) => {
                if let Some((_, attempt)) = self.executor.finish(Run(run)) {
                    assert!(self.running.remove(&attempt.call.0));
                }
            }
            Step::Cancel(call) => match self.executor.cancel(PORT, CallId(call)) {
                Cancelled::Dropped(call) => self.gone_back(&[call]),
                Cancelled::Running(run) => {
                    assert_eq!(self.executor.run(run).map(|(_, attempt)| attempt.call.0), Some(call));
                }
                Cancelled::Unknown => {}
            },
            Step::Reclaim(lease) => self.executor.reclaim(Lease(lease), &mut bounced),
            Step::Yielded => drop(self.executor.yielded()),
            Step::Unqueue => self.executor.unqueue(&mut bounced),
            Step::ForgetOther => self.executor.forget_port(OTHER, &mut bounced),
            Step::BecomeActor(lease, limits) => {
                self.executor.become_actor(Lease(lease), &limits, &mut bounced);
            }
            Step::Close => self.executor.close(),
        }
        self.gone_back(&bounced);
        assert_eq!(self.executor.groups.waiting(), self.waiting.len());
        assert_eq!(self.executor.running() as usize, self.running.len());
    }

    /// Whatever is here gets its turn.
    fn finish_all(&mut self) {
        while !(self.waiting.is_empty() && self.running.is_empty()) {
            self.take(Step::Start);
            assert!(!self.running.is_empty(), "something can start");
            for run in 0..MAX_RUNS {
                self.take(Step::Finish(run));
            }
        }
    }
}

proptest! {
    #[test]
    fn nothing_is_lost(steps in prop::collection::vec(step(), 0..120)) {
        let mut model = Model::default();
        for step in steps {
            model.take(step);
        }
        model.finish_all();
        model.take(Step::Close);
        prop_assert!(model.executor.is_done());
    }
}
