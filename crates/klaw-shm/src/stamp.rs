//! Who did it: a member's identity in four bytes.

use std::fmt;
use std::num::NonZeroU32;

/// Members that a session can have at the same time (layout 1).
pub const MEMBER_SLOTS: u32 = 256;

const EPOCH_MASK: u32 = 0x00ff_ffff;

/// A member of a session: slot and epoch, never a bare pid.
///
/// A slot is used again under the next epoch, and only after everything that named the old one is repaired, so a
/// stamp found in shared memory always tells one member from all others, dead ones included. It is never zero:
/// zero in a shared word means "nobody".
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Stamp(NonZeroU32);

impl Stamp {
    /// `None` if `slot` is out of range or `epoch` is not in `1..2^24`.
    #[must_use]
    pub const fn new(slot: u32, epoch: u32) -> Option<Self> {
        if slot >= MEMBER_SLOTS || epoch == 0 || epoch > EPOCH_MASK {
            return None;
        }
        match NonZeroU32::new(slot << 24 | epoch) {
            Some(bits) => Some(Self(bits)),
            None => None,
        }
    }

    /// Reads what [`Stamp::bits`] wrote; `None` for zero and for bits that no member can have.
    #[must_use]
    pub const fn from_bits(bits: u32) -> Option<Self> {
        Self::new(bits >> 24, bits & EPOCH_MASK)
    }

    /// Never zero.
    #[must_use]
    pub const fn bits(self) -> u32 {
        self.0.get()
    }

    /// Index into the member table.
    #[must_use]
    pub const fn slot(self) -> u32 {
        self.0.get() >> 24
    }

    /// Which of the slot's successive members this is.
    #[must_use]
    pub const fn epoch(self) -> u32 {
        self.0.get() & EPOCH_MASK
    }

    /// The epoch of the slot's next member. Wraps past zero after 2^24 members.
    #[must_use]
    pub(crate) const fn epoch_after(epoch: u32) -> u32 {
        let next = (epoch + 1) & EPOCH_MASK;
        if next == 0 { 1 } else { next }
    }
}

impl fmt::Debug for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "member {}.{}", self.slot(), self.epoch())
    }
}

impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn bits_round_trip_and_are_never_zero() {
        for (slot, epoch) in [(0, 1), (255, EPOCH_MASK), (7, 12_345)] {
            let stamp = Stamp::new(slot, epoch).unwrap();
            assert_eq!((stamp.slot(), stamp.epoch()), (slot, epoch));
            assert_eq!(Stamp::from_bits(stamp.bits()), Some(stamp));
        }
    }

    #[test]
    fn what_no_member_can_have_is_refused() {
        assert_eq!(Stamp::new(MEMBER_SLOTS, 1), None);
        assert_eq!(Stamp::new(0, 0), None);
        assert_eq!(Stamp::new(0, EPOCH_MASK + 1), None);
        assert_eq!(Stamp::from_bits(0), None);
        assert_eq!(Stamp::from_bits(0x0500_0000), None, "epoch 0 of slot 5");
    }

    #[test]
    fn epochs_wrap_past_zero() {
        assert_eq!(Stamp::epoch_after(0), 1);
        assert_eq!(Stamp::epoch_after(EPOCH_MASK), 1);
    }
}
