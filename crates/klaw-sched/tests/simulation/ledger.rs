//! What really happened to each call, and what must never happen.

use std::collections::{BTreeMap, BTreeSet};

use klaw_sched::ids::{ActorId, Attempt, CallId, Lease, PortId};
use klaw_sched::submit::{Failure, Policy, Reply, Target};

/// A call's number in the ledger, which is also what it carries.
pub(crate) type Number = usize;

#[derive(Debug)]
struct Record {
    port: PortId,
    call: Option<CallId>,
    target: Target,
    group: u16,
    policy: Policy,
    tries: BTreeMap<u16, Try>,
    /// Lives of its actor in which its code has begun.
    lives: Vec<Lease>,
    is_settled: bool,
}

/// What became of one try.
#[derive(Debug, Default)]
struct Try {
    /// Its code has begun.
    ran: bool,
    answer: Option<Reply>,
    /// It was in the run table of a worker that died.
    lost: bool,
}

impl Record {
    /// How it was when the next try was made.
    fn may_be_tried_after(&self, before: &Try) -> bool {
        before.lost || (before.answer == Some(Reply::Error) && self.policy.retry_errors)
    }

    fn is_ordered(&self) -> bool {
        matches!(self.target, Target::Actor { ordered: true, .. })
    }

    fn ran(&self) -> bool {
        self.tries.values().any(|each| each.ran)
    }

    fn may_have_run(&self) -> bool {
        self.tries.values().any(|each| each.ran || each.lost)
    }
}

pub(crate) type Counts = BTreeMap<&'static str, usize>;

#[derive(Default)]
pub(crate) struct Ledger {
    records: Vec<Record>,
    names: BTreeMap<(PortId, CallId), Number>,
    /// The last call that began, by life of an actor, submitter and group.
    last_begun: BTreeMap<(Lease, PortId, u16), Number>,
    /// Actors that a port has forgotten once. It may send to them by old news, and is not told all of those calls.
    forgotten: BTreeSet<(PortId, ActorId)>,
    /// How often each thing happened.
    pub(crate) counts: Counts,
}

impl Ledger {
    /// Of the call that is entered next.
    pub(crate) fn next(&self) -> Number {
        self.records.len()
    }

    /// Enters a call, before its submission.
    pub(crate) fn enter(&mut self, port: PortId, target: Target, policy: Policy, group: u16) {
        let (tries, lives) = (BTreeMap::new(), Vec::new());
        let record = Record { port, call: None, target, group, policy, tries, lives, is_settled: false };
        self.records.push(record);
    }

    pub(crate) fn refused(&mut self) {
        self.count("refused");
        self.records.pop();
    }

    pub(crate) fn group(&self, number: Number) -> u16 {
        self.records[number].group
    }

    pub(crate) fn name(&mut self, call: CallId) {
        let number = self.records.len() - 1;
        let record = &mut self.records[number];
        record.call = Some(call);
        let earlier = self.names.insert((record.port, call), number);
        assert_eq!(earlier, None, "{call:?} names two calls");
    }

    fn record(&mut self, port: PortId, call: CallId) -> &mut Record {
        &mut self.records[self.names[&(port, call)]]
    }

    /// A try is in a worker's run table.
    pub(crate) fn entered(&mut self, port: PortId, attempt: Attempt) {
        let is_certain = self.is_certain(port, attempt.call);
        let record = self.record(port, attempt.call);
        let limit = record.policy.max_retries.unwrap_or(u32::MAX);
        assert!(u32::from(attempt.number) <= limit, "too many tries: {attempt:?} of {record:?}");
        if let Some(before) = attempt.number.checked_sub(1).filter(|_| is_certain) {
            let before = record.tries.get(&before).expect("tries count up");
            assert!(record.may_be_tried_after(before), "no reason for {attempt:?} of {record:?}");
        }
        let earlier = record.tries.insert(attempt.number, Try::default());
        assert!(earlier.is_none(), "one try begins twice: {attempt:?} of {record:?}");
    }

    /// The code of a try begins.
    pub(crate) fn began(&mut self, port: PortId, attempt: Attempt, lease: Lease) {
        let number = self.names[&(port, attempt.call)];
        let record = &mut self.records[number];
        record.tries.get_mut(&attempt.number).expect("it is in the run table").ran = true;
        // Tried again after an error, in the same life, it begins behind others.
        if !record.is_ordered() || record.lives.contains(&lease) {
            return;
        }
        record.lives.push(lease);
        let last = self.last_begun.insert((lease, port, record.group), number);
        assert!(last < Some(number), "{last:?} began before {number} in {lease:?}");
    }

    pub(crate) fn answered(&mut self, port: PortId, attempt: Attempt, reply: Reply) {
        let record = self.record(port, attempt.call);
        record.tries.get_mut(&attempt.number).expect("it is in the run table").answer = Some(reply);
    }

    /// A worker died that had this try in its run table.
    pub(crate) fn lost(&mut self, port: PortId, attempt: Attempt) {
        let record = self.record(port, attempt.call);
        record.tries.get_mut(&attempt.number).expect("it is in the run table").lost = true;
    }

    pub(crate) fn forgotten(&mut self, port: PortId, actor: ActorId) {
        self.forgotten.insert((port, actor));
    }

    /// True if the port is told exactly what became of this call.
    fn is_certain(&self, port: PortId, call: CallId) -> bool {
        match self.records[self.names[&(port, call)]].target {
            Target::Task { .. } => true,
            Target::Actor { actor, .. } => !self.forgotten.contains(&(port, actor)),
        }
    }

    pub(crate) fn count(&mut self, what: &'static str) {
        *self.counts.entry(what).or_default() += 1;
    }

    fn settle(&mut self, port: PortId, call: CallId) -> &Record {
        let record = self.record(port, call);
        assert!(!record.is_settled, "settled twice: {record:?}");
        record.is_settled = true;
        record
    }

    pub(crate) fn settled_by(&mut self, port: PortId, attempt: Attempt, reply: Reply) {
        self.count(if attempt.number == 0 { "answered" } else { "answered in a later try" });
        let record = self.settle(port, attempt.call);
        let last = record.tries.last_key_value().expect("it ran");
        assert_eq!((*last.0, last.1.answer), (attempt.number, Some(reply)), "{record:?}");
    }

    pub(crate) fn failed(&mut self, port: PortId, call: CallId, failure: &Failure) {
        self.count(match failure {
            Failure::Cancelled => "cancelled",
            Failure::ActorDied { may_have_run: true, .. } => "died, may have run",
            Failure::ActorDied { .. } => "died, never ran",
            Failure::ActorUnavailable { .. } => "unavailable",
            Failure::WorkerCrashed { .. } => "crashed",
        });
        let is_certain = self.is_certain(port, call);
        let record = self.settle(port, call);
        match failure {
            Failure::Cancelled => {}
            Failure::ActorDied { may_have_run, .. } => {
                assert!(*may_have_run || !record.ran(), "it ran: {record:?}");
                assert!(!*may_have_run || record.may_have_run() || !is_certain, "it never ran: {record:?}");
            }
            Failure::ActorUnavailable { .. } => assert!(record.policy.fail_while_restarting),
            Failure::WorkerCrashed { .. } => assert!(record.may_have_run(), "it never ran: {record:?}"),
        }
    }

    pub(crate) fn is_settled(&self, port: PortId, call: CallId) -> bool {
        self.records[self.names[&(port, call)]].is_settled
    }

    /// Calls of this port.
    pub(crate) fn calls(&self, port: PortId) -> Vec<CallId> {
        let of_port = self.names.range((port, CallId(0))..=(port, CallId(u32::MAX)));
        of_port.map(|((_, call), _)| *call).collect()
    }
}
