//! What is on its way: in order from each sender to each receiver, and in no order otherwise.

use std::collections::{BTreeMap, VecDeque};

use klaw_sched::execute::Call;
use klaw_sched::ids::{Attempt, Inbox, PortId};
use klaw_sched::message::{Cancel, ToAgent, ToPort};
use klaw_sched::submit::Reply;

use crate::ledger::Number;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Address {
    Agent,
    Port(PortId),
    Inbox(Inbox),
}

#[derive(Debug)]
pub(crate) enum Packet {
    ToAgent(ToAgent),
    ToPort(ToPort),
    Call(Call<Number>),
    Reply(Attempt, Reply),
    Cancel(Cancel),
}

/// A sender and a receiver.
pub(crate) type Lane = (Address, Address);

#[derive(Default)]
pub(crate) struct Network {
    lanes: BTreeMap<Lane, VecDeque<Packet>>,
}

impl Network {
    pub(crate) fn send(&mut self, from: Address, to: Address, packet: Packet) {
        self.lanes.entry((from, to)).or_default().push_back(packet);
    }

    pub(crate) fn take(&mut self, lane: Lane) -> Option<Packet> {
        let packets = self.lanes.get_mut(&lane)?;
        let packet = packets.pop_front();
        if packets.is_empty() {
            self.lanes.remove(&lane);
        }
        packet
    }

    /// Lanes that something is in.
    pub(crate) fn lanes(&self) -> impl Iterator<Item = Lane> {
        self.lanes.keys().copied()
    }

    pub(crate) fn is_empty(&self, lane: Lane) -> bool {
        !self.lanes.contains_key(&lane)
    }

    /// What is on its way to this address is lost.
    pub(crate) fn lose(&mut self, to: Address) {
        self.lanes.retain(|lane, _| lane.1 != to);
    }
}
