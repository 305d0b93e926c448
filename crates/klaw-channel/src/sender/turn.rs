//! What makes messages visible: [`Sender::publish`] one after the other in a turn, [`Sender::flush`] at its end.

use klaw_shm::sync::{Ordering, fence};

use super::Sender;
use crate::channel::layout::Side;

impl Sender {
    /// Makes everything pushed visible, and wakes a receiver that is seen to sleep, at the cost of a few loads and stores. For a turn
    /// of many messages, each of which a receiver is to see at once.
    ///
    /// It is half of a [`Sender::flush`], which must follow at the end of the turn, and before the thread may block: only that finds a
    /// receiver that was just falling asleep. Until then, what was leased and not used counts as used for the channel's other senders: a
    /// fair share of what was free at most, and 1,024 messages.
    #[inline]
    pub fn publish(&mut self) {
        let Some(open) = &mut self.lane else { return };
        let tables = self.node.tables();
        if open.publish(tables.known_lane(open.id)) {
            self.owes_look = true;
            self.receivers.refresh(tables, self.id);
            self.receivers.ring_one(tables, None);
        }
    }

    /// Makes everything pushed visible, wakes who waits for it, and gives back what was leased and not used.
    pub fn flush(&mut self) {
        let Some(open) = &mut self.lane else { return };
        let tables = self.node.tables();
        let lane = tables.known_lane(open.id);
        let published = open.publish(lane) | std::mem::take(&mut self.owes_look);
        let came_back = open.give_back(lane);
        if published || came_back {
            // Store the record, then load bells and the receivers' side: pairs with the fences of a receiver that arms its
            // bell, and of whoever closes that side. Store the limits, then load who waits: pairs with the fence in `say_waiting`.
            fence(Ordering::SeqCst);
        }
        if published {
            self.tell_receivers();
        }
        if came_back {
            self.ring_other_senders();
        }
    }

    /// There is something to read: wakes a receiver, or drops it if nobody will read it. The caller has fenced.
    pub(super) fn tell_receivers(&mut self) {
        let tables = self.node.tables();
        self.receivers.refresh(tables, self.id);
        self.receivers.ring_one(tables, None);
        if Side::load(&self.channel().facts.receivers).closed {
            // What it refers to must not wait in it for ever.
            tables.discard_unread(self.node.me(), self.id);
        }
    }

    /// Rings who waits for room. The caller has fenced.
    fn ring_other_senders(&mut self) {
        let tables = self.node.tables();
        let Some(open) = &self.lane else { return };
        self.lanes.refresh(tables, self.id);
        for id in self.lanes.lanes.iter().filter(|id| **id != open.id) {
            let lane = tables.known_lane(*id);
            if lane.identity.waiting.load(Ordering::Relaxed) != 0 {
                let port = u32::try_from(lane.identity.port.load(Ordering::Relaxed)).unwrap_or(0);
                if let Some(port) = port.checked_sub(1) {
                    tables.session().look(port);
                }
            }
        }
    }
}
