//! What is at hand while one input is dealt with.

use super::Output;
use crate::ids::{ActorId, PortId, Time, WorkerNo};
use crate::message::ToPort;

#[derive(Debug)]
pub(super) struct Turn<'a> {
    pub(super) now: Time,
    pub(super) outputs: &'a mut Vec<Output>,
}

impl Turn<'_> {
    pub(super) fn send(&mut self, port: PortId, message: ToPort) {
        self.outputs.push(Output::Send(port, message));
    }

    pub(super) fn start(&mut self, worker: WorkerNo) {
        self.outputs.push(Output::StartWorker(worker));
    }

    pub(super) fn kill(&mut self, worker: WorkerNo) {
        self.outputs.push(Output::KillWorker(worker));
    }

    pub(super) fn stop(&mut self, worker: WorkerNo) {
        self.outputs.push(Output::StopWorker(worker));
    }

    pub(super) fn drop_creation(&mut self, actor: ActorId) {
        self.outputs.push(Output::DropCreation(actor));
    }
}
