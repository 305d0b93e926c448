//! The ringers' side of a port.

use std::collections::HashMap;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use super::table::{BellWords, Owner, PortKind, PortTable, fifo_path};
use crate::bell;
use crate::os;
use crate::sync::Ordering;

/// Rings ports of any member. One a process: it keeps the FIFOs open that it has rung.
#[derive(Debug, Default)]
pub struct Ringer {
    /// By port index; valid for one ownership only.
    open: Mutex<HashMap<u32, (Owner, Arc<OwnedFd>)>>,
    bells: PathBuf,
}

impl Ringer {
    pub(crate) fn new(bells: PathBuf) -> Self {
        Self { open: Mutex::default(), bells }
    }

    /// After a publish: rings `index` if it sleeps; true if it did. May miss an owner that is just arming, so that
    /// [`Ringer::look_fenced`] must follow at the end of the turn or batch.
    pub fn look(&self, ports: PortTable<'_>, index: u32) -> bool {
        ports.bell(index).is_some_and(|bell| bell::look(&bell.word, &|| self.ring(ports, index, bell)))
    }

    /// At the end of a turn or batch, and before the thread may block.
    pub fn look_fenced(&self, ports: PortTable<'_>, index: u32) -> bool {
        ports.bell(index).is_some_and(|bell| bell::look_fenced(&bell.word, &|| self.ring(ports, index, bell)))
    }

    /// Rings everybody who sleeps: after a death, and when waits were left unserved.
    pub(crate) fn ring_all(&self, ports: PortTable<'_>) {
        for index in ports.indices() {
            self.look_fenced(ports, index);
        }
    }

    fn ring(&self, ports: PortTable<'_>, index: u32, bell: &BellWords) -> bool {
        match ports.owner(index) {
            Some(owner) if owner.kind == PortKind::EventLoop => {
                let Some(fifo) = self.fifo(index, owner) else { return false };
                os::ring_fifo(&*fifo);
                true
            }
            // A freed entry gets the futex form too: it costs nothing and can't be wrong.
            _ => {
                // Release; pairs with the Acquire before a thread arms: a later sleep sees the change and returns.
                bell.rings.fetch_add(1, Ordering::AcqRel);
                os::futex_wake(&bell.rings);
                true
            }
        }
    }

    /// `None` if it can't be opened: the owner has just left, or this process is out of descriptors. The bell stays
    /// ARMED then, so the next publish tries again, and the agent's slow look after it.
    fn fifo(&self, index: u32, owner: Owner) -> Option<Arc<OwnedFd>> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, fd)) = open.get(&index)
            && *known == owner
        {
            return Some(Arc::clone(fd));
        }
        let path = fifo_path(&self.bells, index, owner.generation);
        let opened = os::open_fifo(&path).or_else(|_| {
            // Perhaps out of descriptors: those that are kept here can go.
            open.clear();
            os::open_fifo(&path)
        });
        let fd = Arc::new(opened.ok()?);
        open.insert(index, (owner, Arc::clone(&fd)));
        Some(fd)
    }
}
