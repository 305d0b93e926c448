//! What holds after every step.

use std::collections::{BTreeMap, BTreeSet};

use crate::agent::leases::Holder;
use crate::agent::workers::Work;
use crate::agent::{Agent, Input, Output};
use crate::ids::{ActorId, Lease, Time, WorkerNo};
use crate::message::{ToAgent, ToPort};

/// Sees all that goes in and comes out.
#[derive(Debug, Default)]
pub(super) struct Witness {
    processes: BTreeSet<WorkerNo>,
    killed: BTreeSet<WorkerNo>,
    leases: BTreeSet<Lease>,
    reclaimed: BTreeSet<Lease>,
    dropped: BTreeSet<ActorId>,
    ticked: bool,
}

impl Witness {
    pub(super) fn hear(&mut self, input: &Input) {
        self.ticked = *input == Input::Tick;
        match input {
            Input::WorkerEnded { worker, .. } => _ = self.processes.remove(worker),
            Input::Message(ToAgent::CreateActor { actor, .. }) => _ = self.dropped.remove(actor),
            _ => {}
        }
    }

    pub(super) fn look(&mut self, agent: &Agent, now: Time, outputs: &[Output]) {
        for output in outputs {
            self.look_at_output(output);
        }
        assert!(self.processes.len() <= agent.resources.max_workers, "too many processes");
        if self.ticked {
            assert!(agent.deadline().is_none_or(|at| at > now), "a deadline that is over stays");
        }
        look_at_leases(agent);
        look_at_actors(agent);
    }

    fn look_at_output(&mut self, output: &Output) {
        match output {
            Output::StartWorker(no) => assert!(self.processes.insert(*no), "{no:?} is started twice"),
            Output::KillWorker(no) => {
                assert!(self.processes.contains(no), "{no:?} is killed, and does not exist");
                assert!(self.killed.insert(*no), "{no:?} is killed twice");
            }
            Output::StopWorker(no) => {
                assert!(self.processes.contains(no), "{no:?} is stopped, and does not exist");
            }
            Output::DropCreation(actor) => _ = self.dropped.insert(*actor),
            Output::Send(_, ToPort::Leased { lease, .. }) => {
                assert!(self.leases.insert(*lease), "{lease:?} is granted twice");
            }
            Output::Send(_, ToPort::Construct { lease, actor, .. }) => {
                assert!(self.leases.insert(*lease), "{lease:?} is granted twice");
                assert!(!self.dropped.contains(actor), "{actor:?} is made of what was dropped");
            }
            Output::Send(_, ToPort::Reclaim { lease }) => {
                assert!(self.reclaimed.insert(*lease), "{lease:?} is reclaimed twice");
            }
            Output::Send(..) => {}
        }
    }
}

fn look_at_leases(agent: &Agent) {
    let taken: i64 = agent.leases.iter().map(|(_, held)| held.taken()).sum();
    assert_eq!(agent.leases.free(), i64::from(agent.resources.cpus.0) - taken, "CPUs are lost");

    let by_lease: BTreeMap<_, _> = agent.leases.iter().map(|(lease, held)| (lease, held.worker)).collect();
    let by_worker: BTreeMap<_, _> = agent
        .workers
        .iter()
        .filter_map(|(no, worker)| match worker.work {
            Work::Lent(lease) => Some((lease, no)),
            Work::Starting | Work::Idle { .. } | Work::Ending => None,
        })
        .collect();
    assert_eq!(by_lease, by_worker, "leases and workers differ");
    for (no, worker) in agent.workers.iter() {
        assert!(!worker.killed || !matches!(worker.work, Work::Starting | Work::Idle { .. }), "{no:?}");
    }
}

fn look_at_actors(agent: &Agent) {
    let held: BTreeMap<_, _> = agent
        .leases
        .iter()
        .filter_map(|(lease, held)| match held.holder {
            Holder::Actor(id) => Some((id, lease)),
            Holder::Port(_) | Holder::Nobody => None,
        })
        .collect();
    let lived: BTreeMap<_, _> =
        agent.actors.iter().filter_map(|(&id, actor)| Some((id, actor.life.lease()?))).collect();
    assert_eq!(held, lived, "actors and their leases differ");

    let mut waiting: Vec<_> = agent.waiting.iter().copied().collect();
    waiting.sort_unstable();
    let wait: Vec<_> = agent.actors.keys().copied().filter(|id| !lived.contains_key(id)).collect();
    assert_eq!(waiting, wait, "who waits is in the queue, once");

    let names: BTreeMap<_, _> =
        agent.actors.iter().filter_map(|(&id, actor)| Some((actor.options.name.clone()?, id))).collect();
    assert_eq!(agent.names, names, "names are those of living actors");
}
