//! Records: what a lane carries. `{header, refs[], payload}`, in this order, padded to 16 bytes.
//!
//! The refs name everything that the payload refers to (channel ends now; objects, actors and signals later): kind,
//! index, generation, node. The payload names them by ordinal. So whoever sends, drops or repairs a record handles its refs
//! without knowing what the payload means.
//!
//! A reader copies first and parses its private copy: nothing here looks at shared memory.

/// Records start at multiples of this; lengths are rounded up to it.
pub const RECORD_ALIGN: u64 = 16;
/// Bytes of a header, which is also the whole of a LINK or PAD record.
pub const HEADER_BYTES: usize = 16;
/// Bytes of one reference.
pub const REF_BYTES: usize = 16;
/// Payload bytes that one record can have. Larger values belong into the object store.
pub const MAX_PAYLOAD_BYTES: usize = 16 << 20;
/// References that one record can have.
pub const MAX_REFS: usize = 4096;

/// What a record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum RecordKind {
    /// A message.
    Message = 1,
    /// The lane goes on in another ring.
    Link = 2,
    /// Nothing, up to the end of the ring.
    Pad = 3,
    /// A message that its sender has taken back: as long as it was, and for nobody.
    Tombstone = 4,
}

/// The first 16 bytes of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// Bytes behind the header: refs and payload of a message, or what a pad covers.
    pub body_bytes: u32,
    /// What the record is.
    pub kind: RecordKind,
    /// References at the start of the body.
    pub refs: u16,
    /// A message's tag, which means something to the layer above; a link's ring.
    pub meta: u32,
    /// Taken-by and attempt, for channels with manual acknowledgement; 0 until then.
    pub ack: u32,
}

/// A value that a payload refers to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ref {
    /// What it refers to.
    pub kind: RefKind,
    /// Its entry in the table of its kind.
    pub index: u32,
    /// The entry's generation: an entry that is over is told from its successor.
    pub generation: u32,
    /// The node that the entry is in. 0 is this node.
    pub node: u32,
}

/// What a reference refers to. Numbers are part of the layout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum RefKind {
    /// The sending end of a channel, in transit.
    Sender = 1,
    /// The receiving end of a channel, in transit.
    Receiver = 2,
}

impl Header {
    /// Bytes from this record's start to the next one's.
    #[must_use]
    #[inline]
    pub fn stride(&self) -> u64 {
        stride(self.body_bytes as usize)
    }

    /// The bytes of this header.
    #[must_use]
    pub fn encode(&self) -> [u8; HEADER_BYTES] {
        let mut bytes = [0; HEADER_BYTES];
        bytes[0..4].copy_from_slice(&self.body_bytes.to_le_bytes());
        bytes[4] = self.kind as u8;
        bytes[6..8].copy_from_slice(&self.refs.to_le_bytes());
        bytes[8..12].copy_from_slice(&self.meta.to_le_bytes());
        bytes[12..16].copy_from_slice(&self.ack.to_le_bytes());
        bytes
    }

    /// What the first half of a header says: all but `meta` and `ack`, which are 0 here.
    pub(crate) fn decode_first(first: u64) -> Option<Self> {
        let mut bytes = [0; HEADER_BYTES];
        bytes[..8].copy_from_slice(&first.to_le_bytes());
        Self::decode(&bytes)
    }

    /// The first half of this header.
    pub(crate) fn encode_first(&self) -> u64 {
        u64::from(self.body_bytes) | u64::from(self.kind as u8) << 32 | u64::from(self.refs) << 48
    }

    /// Reads a header; `None` for bytes that no writer of this version makes.
    #[must_use]
    #[inline]
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let (words, _) = bytes.first_chunk::<HEADER_BYTES>()?.as_chunks::<4>();
        let word = |n: usize| u32::from_le_bytes(words[n]);
        let [kind, _, refs @ ..] = words[1];
        let kind = match kind {
            1 => RecordKind::Message,
            2 => RecordKind::Link,
            3 => RecordKind::Pad,
            4 => RecordKind::Tombstone,
            _ => return None,
        };
        let refs = u16::from_le_bytes(refs);
        let header = Self { body_bytes: word(0), kind, refs, meta: word(2), ack: word(3) };
        let body = header.body_bytes as usize;
        let refs = header.refs as usize;
        let fits = match kind {
            RecordKind::Message | RecordKind::Tombstone => {
                refs <= MAX_REFS && refs * REF_BYTES <= body && body - refs * REF_BYTES <= MAX_PAYLOAD_BYTES
            }
            RecordKind::Link => body == 0 && refs == 0,
            RecordKind::Pad => refs == 0 && body.is_multiple_of(HEADER_BYTES),
        };
        fits.then_some(header)
    }
}

/// Reads headers that follow one another. Most are like the one before, up to the tag: then a comparison, which the processor
/// foresees, tells where the next one is, and it need not wait for a length to find the next length.
#[derive(Debug, Default)]
pub(crate) struct Decoder {
    /// The first half of the last header, and what it says.
    last: Option<([u8; 8], Header)>,
}

impl Decoder {
    /// As [`Header::decode`].
    #[inline]
    pub(crate) fn decode(&mut self, bytes: &[u8]) -> Option<Header> {
        let ([first, second], _) = bytes.first_chunk::<HEADER_BYTES>()?.as_chunks::<8>() else { return None };
        let header = match &self.last {
            Some((like, header)) if like == first => *header,
            _ => self.last.insert((*first, Header::decode(bytes)?)).1,
        };
        let ([meta, ack], _) = second.as_chunks::<4>() else { return None };
        Some(Header { meta: u32::from_le_bytes(*meta), ack: u32::from_le_bytes(*ack), ..header })
    }
}

impl Ref {
    /// The bytes of this reference.
    #[must_use]
    pub fn encode(&self) -> [u8; REF_BYTES] {
        let mut bytes = [0; REF_BYTES];
        bytes[0] = self.kind as u8;
        bytes[4..8].copy_from_slice(&self.index.to_le_bytes());
        bytes[8..12].copy_from_slice(&self.generation.to_le_bytes());
        bytes[12..16].copy_from_slice(&self.node.to_le_bytes());
        bytes
    }

    /// Reads a reference; `None` for a kind that this version doesn't know.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; REF_BYTES] = bytes.get(..REF_BYTES)?.try_into().ok()?;
        let word = |at: usize| u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        let kind = match bytes[0] {
            1 => RefKind::Sender,
            2 => RefKind::Receiver,
            _ => return None,
        };
        Some(Self { kind, index: word(4), generation: word(8), node: word(12) })
    }
}

/// Bytes from a record's start to the next one's, by the length of its body.
#[must_use]
pub const fn stride(body_bytes: usize) -> u64 {
    ((HEADER_BYTES + body_bytes) as u64).next_multiple_of(RECORD_ALIGN)
}

/// What a message of this payload counts against a channel's `max_bytes`: its payload, in whole units of 16.
#[must_use]
pub const fn charge_units(payload_bytes: usize) -> u32 {
    #[expect(clippy::cast_possible_truncation, reason = "at most MAX_PAYLOAD_BYTES / 16")]
    let units = payload_bytes.div_ceil(RECORD_ALIGN as usize) as u32;
    if units == 0 { 1 } else { units }
}

/// A message in a reader's private copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Message<'a> {
    /// Tag, as given to the sender.
    pub tag: u32,
    refs: &'a [u8],
    /// Payload, as given to the sender.
    pub payload: &'a [u8],
}

impl<'a> Message<'a> {
    /// The message whose header is `header`, at the start of `record`; `None` if the copy is too short.
    #[must_use]
    #[inline]
    pub fn parse(header: &Header, record: &'a [u8]) -> Option<Self> {
        let body = record.get(HEADER_BYTES..HEADER_BYTES + header.body_bytes as usize)?;
        let (refs, payload) = body.split_at_checked(header.refs as usize * REF_BYTES)?;
        Some(Self { tag: header.meta, refs, payload })
    }

    /// True if the message refers to anything.
    #[must_use]
    pub fn has_refs(&self) -> bool {
        !self.refs.is_empty()
    }

    /// The references, in their order; those of an unknown kind are left out.
    pub fn refs(&self) -> impl Iterator<Item = Ref> + use<'a> {
        self.refs.chunks_exact(REF_BYTES).filter_map(Ref::decode)
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn headers_round_trip(body in 0..1_000_000_u32, refs in 0..64_u16, meta: u32, ack: u32) {
            let header = Header { body_bytes: body + u32::from(refs) * 16, kind: RecordKind::Message, refs, meta, ack };
            prop_assert_eq!(Header::decode(&header.encode()), Some(header));
        }

        #[test]
        fn refs_round_trip(index: u32, generation: u32, node: u32) {
            for kind in [RefKind::Sender, RefKind::Receiver] {
                let reference = Ref { kind, index, generation, node };
                prop_assert_eq!(Ref::decode(&reference.encode()), Some(reference));
            }
        }

        /// Hostile bytes never panic, and what is accepted stays inside the copy.
        #[test]
        fn any_bytes_parse_or_not(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Some(header) = Header::decode(&bytes)
                && let Some(message) = Message::parse(&header, &bytes)
            {
                prop_assert!(message.payload.len() + header.refs as usize * REF_BYTES <= bytes.len());
                prop_assert!(message.refs().count() <= MAX_REFS);
            }
        }
    }

    #[test]
    fn strides_and_charges() {
        assert_eq!((stride(0), stride(1), stride(16), stride(64)), (16, 32, 32, 80));
        assert_eq!((charge_units(0), charge_units(16), charge_units(17)), (1, 1, 2));
    }
}
