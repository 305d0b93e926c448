//! A process's place in a session, from which channels are made and opened.

use std::path::Path;
use std::sync::Arc;

use klaw_shm::crash::crash_point;
use klaw_shm::sync::Ordering;
use klaw_shm::{Member, Session, Stamp};

use crate::channel::ChannelId;
use crate::channel::credit::Amount;
use crate::channel::ends::{End, Role, add_block, open};
use crate::channel::layout::{EndCode, FOR_CALLS, Link, LinkTo, Owned, OwnedCode, Side};
use crate::crash::ChannelPoint;
use crate::error::ChannelError;
use crate::receiver::Receiver;
use crate::record::{MAX_PAYLOAD_BYTES, RECORD_ALIGN};
use crate::sender::Sender;
use crate::tables::Tables;

/// How much a channel holds, over all of its senders together.
#[derive(Debug, Clone, Copy)]
pub struct ChannelOptions {
    /// Messages. 1,024 by default; at most 2^30.
    pub capacity: u32,
    /// Payload bytes, each message's rounded up to 16. 8 MiB by default; at most 16 GiB.
    pub max_bytes: u64,
    /// What a sender does when there is no room.
    pub overflow: Overflow,
    /// Senders may take back what no receiver has claimed: [`Sender::revoke`]. Meant for the one receiver of a port, to which many
    /// send calls. It costs a receiver a CAS a batch.
    pub calls: bool,
}

/// What a sender does when there is no room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Overflow {
    /// It waits.
    #[default]
    Wait,
    /// It fails with [`ChannelError::Full`].
    Error,
}

impl Overflow {
    /// From the channel's options word; bits that nobody wrote mean waiting, which loses nothing.
    pub(crate) fn of(options: u64) -> Self {
        if options & 0xff == 1 { Self::Error } else { Self::Wait }
    }

    fn bits(self) -> u64 {
        match self {
            Self::Wait => 0,
            Self::Error => 1,
        }
    }
}

impl Default for ChannelOptions {
    fn default() -> Self {
        Self { capacity: 1_024, max_bytes: 8 << 20, overflow: Overflow::Wait, calls: false }
    }
}

impl ChannelOptions {
    fn bits(self) -> u64 {
        self.overflow.bits() | if self.calls { FOR_CALLS } else { 0 }
    }

    fn amount(self) -> Result<Amount, ChannelError> {
        let units =
            u32::try_from(self.max_bytes / RECORD_ALIGN).ok().filter(|units| (1..1 << 30).contains(units));
        let units = units.ok_or(ChannelError::InvalidOption {
            option: "max_bytes",
            found: self.max_bytes,
            expected: "16 to 16 GiB",
        })?;
        if self.capacity == 0 || self.capacity > 1 << 30 {
            let found = u64::from(self.capacity);
            return Err(ChannelError::InvalidOption { option: "capacity", found, expected: "1 to 2^30" });
        }
        Ok(Amount { messages: self.capacity, units })
    }
}

/// This process in a session: a member with the session's channels mapped. Ends keep it alive; when it and all ends are
/// dropped, the process leaves.
#[derive(Debug)]
pub struct Node {
    // Dropped first: whoever leaves stores nothing any more.
    member: Arc<Member>,
    tables: Arc<Tables>,
}

impl Node {
    /// Makes a new private session below `base` and joins it.
    pub fn create(base: &Path) -> Result<Arc<Self>, ChannelError> {
        let session = Session::create(base)?;
        let tables = Arc::new(Tables::create(&session)?);
        Self::join(&session, tables)
    }

    /// Joins the session in `path`.
    pub fn attach(path: &Path) -> Result<Arc<Self>, ChannelError> {
        let session = Session::attach(path)?;
        let tables = Arc::new(Tables::attach(&session)?);
        Self::join(&session, tables)
    }

    fn join(session: &Arc<Session>, tables: Arc<Tables>) -> Result<Arc<Self>, ChannelError> {
        let repairs = Arc::clone(&tables);
        let member = Member::join(session, vec![repairs])?;
        Ok(Arc::new(Self { member, tables }))
    }

    /// The membership.
    #[must_use]
    pub fn member(&self) -> &Arc<Member> {
        &self.member
    }

    /// The session.
    #[must_use]
    pub fn session(&self) -> &Arc<Session> {
        self.tables.session()
    }

    pub(crate) fn tables(&self) -> &Tables {
        &self.tables
    }

    pub(crate) fn me(&self) -> Stamp {
        self.member.stamp()
    }

    /// Makes a channel and opens one end on each side.
    pub fn channel(self: &Arc<Self>, options: ChannelOptions) -> Result<(Sender, Receiver), ChannelError> {
        let amount = options.amount()?;
        let (id, claimed) = self.claim_channel()?;
        crash_point(ChannelPoint::ChannelClaimed);
        let made = self.fill_channel(id, amount, options);
        let channel = self.tables.known_channel(id);
        let (sender, receiver) = match made {
            Ok(ends) => ends,
            Err(e) => {
                self.tables.abandon(id, claimed);
                return Err(e);
            }
        };
        crash_point(ChannelPoint::ChannelEndsOpened);
        // AcqRel: whoever finds it live finds it whole.
        claimed.change(&channel.facts.state, Owned { code: OwnedCode::Live, payload: 0, ..claimed });
        crash_point(ChannelPoint::ChannelLive);
        Ok((Sender::new(self, id, sender), Receiver::new(self, id, receiver)))
    }

    fn claim_channel(&self) -> Result<(ChannelId, Owned), ChannelError> {
        let claimed = self.tables.claim_channel(|index, channel| {
            let old = Owned::load(&channel.facts.state);
            let new = Owned { code: OwnedCode::Claimed, payload: self.me().bits(), ..old };
            let id = ChannelId { index: u16::try_from(index).ok()?, generation: old.generation };
            (old.code == OwnedCode::Free && old.change(&channel.facts.state, new)).then_some((id, new))
        })?;
        Ok(claimed)
    }

    fn fill_channel(
        &self,
        id: ChannelId,
        amount: Amount,
        options: ChannelOptions,
    ) -> Result<(End, End), ChannelError> {
        let facts = &self.tables.known_channel(id).facts;
        for side in [&facts.senders, &facts.receivers] {
            // Versions run on, so that nobody who knew the entry's last channel finds its version again.
            let old = Side::load(side);
            old.change(side, Side { closed: false, version: old.version + 1 });
        }
        facts.capacity.store(amount.pack(), Ordering::Relaxed);
        facts.options.store(options.bits(), Ordering::Relaxed);
        let chain = Link { holder: id.generation, to: LinkTo::End };
        facts.first_block.store(chain.pack(), Ordering::Release);
        add_block(&self.tables, id, self.me())?;
        crash_point(ChannelPoint::ChannelBlocked);
        let me = EndCode::Open(self.me());
        let sender = open(&self.tables, id, self.me(), Role::Sender, me)?;
        let receiver = open(&self.tables, id, self.me(), Role::Receiver, me)?;
        Ok((sender, receiver))
    }

    /// Opens one more sending end of a channel that another process told the id of.
    pub fn open_sender(self: &Arc<Self>, id: ChannelId) -> Result<Sender, ChannelError> {
        Ok(Sender::new(self, id, self.open_end(id, Role::Sender)?))
    }

    /// Opens one more receiving end.
    pub fn open_receiver(self: &Arc<Self>, id: ChannelId) -> Result<Receiver, ChannelError> {
        Ok(Receiver::new(self, id, self.open_end(id, Role::Receiver)?))
    }

    pub(crate) fn open_end(&self, id: ChannelId, role: Role) -> Result<End, ChannelError> {
        let channel = self.tables.channels().get(id.index as usize).ok_or(ChannelError::NotFound)?;
        let state = Owned::load(&channel.facts.state);
        if state.code != OwnedCode::Live || state.generation != id.generation {
            return Err(ChannelError::NotFound);
        }
        open(&self.tables, id, self.me(), role, EndCode::Open(self.me()))
    }

    /// Gives an end up: free, and whatever follows from that.
    pub(crate) fn close_end(&self, id: ChannelId, end: End) {
        end.state.change(end.word(&self.tables), EndCode::Free);
        crash_point(ChannelPoint::EndFreed);
        self.tables.close_sides(self.me(), id);
        // Whoever waits for the other side looks again; a receiver that was rung for a message and leaves hands the ring on.
        self.tables.ring_receivers(id);
        self.tables.ring_waiting_senders(id);
    }
}

/// The largest payload that a channel of this capacity takes.
pub(crate) fn payload_limit_bytes(capacity: Amount) -> u64 {
    (u64::from(capacity.units) * RECORD_ALIGN).min(MAX_PAYLOAD_BYTES as u64)
}
