//! What lies in shared memory, as data: structures made by [`crate::shared_layout!`], their hash, and the segment header.
//!
//! A structure that two processes share must mean the same in both. The macro fixes its size at compile time, lists
//! its fields for `docs/layout.md` (a test compares the page with the code), and feeds the layout hash that every
//! segment carries: a process built from other structures is refused instead of reading rubbish.

use std::fmt::Write;

use crate::sync::AtomicU64;

/// `"klawshm1"` in the bytes of a little-endian word: the first word of every segment.
pub const MAGIC: u64 = u64::from_le_bytes(*b"klawshm1");

/// Counts incompatible changes of the shared layout; shown in [`crate::ShmError::ProtocolVersion`].
pub const LAYOUT_VERSION: u32 = 1;

/// Bytes before the first table of a segment. One page, so that the header can be looked at before the rest is.
pub const HEADER_BYTES: u64 = 4096;

/// One field of a shared structure.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// The field's name.
    pub name: &'static str,
    /// Bytes from the start of the structure.
    pub offset: usize,
    /// Bytes it takes, padding inside it included.
    pub bytes: usize,
    /// Its documentation, as written in the code.
    pub doc: &'static str,
}

/// A shared structure: name, size and fields.
#[derive(Debug, Clone, Copy)]
pub struct Structure {
    /// The Rust name.
    pub name: &'static str,
    /// Bytes, asserted at compile time.
    pub bytes: usize,
    /// In order of their offsets.
    pub fields: &'static [Field],
}

/// A type that may be laid over bytes that another process writes.
///
/// # Safety
/// Every bit pattern is a value, all-zero included; all access is atomic; no pointer, reference or `Drop` inside.
/// [`crate::shared_layout!`] is the only implementer: it admits atomics, and arrays and paddings of them.
pub unsafe trait Shared {}

// SAFETY: an atomic integer takes every bit pattern and is accessed atomically.
unsafe impl Shared for AtomicU64 {}
// SAFETY: as above.
unsafe impl Shared for crate::sync::AtomicU32 {}
// SAFETY: an array of such values has no bytes of its own.
unsafe impl<T: Shared, const N: usize> Shared for [T; N] {}
// SAFETY: the padding is never read.
unsafe impl<T: Shared> Shared for crate::sync::CachePadded<T> {}

/// Declares a structure that lies in shared memory, with its exact size in bytes.
///
/// Emits the `repr(C)` struct, a compile-time check of its size and of each field's type, and `LAYOUT`, the
/// [`Structure`] that documentation and layout hash are made from.
#[macro_export]
macro_rules! shared_layout {
    ($(#[doc = $sdoc:literal])* $vis:vis struct $name:ident: $bytes:literal {
        $($(#[doc = $fdoc:literal])+ $fvis:vis $field:ident: $ty:ty,)+
    }) => {
        $(#[doc = $sdoc])*
        #[repr(C)]
        #[derive(Debug, Default)]
        $vis struct $name {
            $($(#[doc = $fdoc])+ $fvis $field: $ty,)+
        }

        impl $name {
            /// Size and fields, for the layout hash and `docs/layout.md`.
            pub const LAYOUT: $crate::layout::Structure = $crate::layout::Structure {
                name: stringify!($name),
                bytes: size_of::<Self>(),
                fields: &[$($crate::layout::Field {
                    name: stringify!($field),
                    offset: std::mem::offset_of!($name, $field),
                    bytes: size_of::<$ty>(),
                    doc: concat!($($fdoc),+),
                }),+],
            };
        }

        const _: () = {
            const fn shared<T: $crate::layout::Shared>() {}
            $(shared::<$ty>();)+
        };
        #[cfg(not(loom))]
        const _: () = assert!(size_of::<$name>() == $bytes, "the declared size is wrong");

        // SAFETY: every field is `Shared` (checked above) and the struct is `repr(C)` without a `Drop`.
        unsafe impl $crate::layout::Shared for $name {}
    };
}

shared_layout! {
    /// The first bytes of every segment. Written once by its creator; `ready` is stored last.
    pub struct SegmentHeader: 80 {
        /// [`MAGIC`].
        pub magic: AtomicU64,
        /// Layout version in the low half, segment kind in the high half.
        pub version_and_kind: AtomicU64,
        /// Hash over every structure in the segment.
        pub layout_hash: AtomicU64,
        /// Length of the segment.
        pub bytes: AtomicU64,
        /// Page size in the low half, owner's uid in the high half.
        pub page_bytes_and_uid: AtomicU64,
        /// Low half of the kernel's boot id: what an earlier boot left is garbage.
        pub boot_id_low: AtomicU64,
        /// High half of the boot id.
        pub boot_id_high: AtomicU64,
        /// Inode of the creator's pid namespace: pids mean nothing outside it.
        pub pid_namespace: AtomicU64,
        /// The session's id, which is part of the segment's name too.
        pub session: AtomicU64,
        /// 1 once the rest of the segment may be read (Release; read with Acquire when it is opened).
        pub ready: AtomicU64,
    }
}

/// FNV-1a over names, sizes and offsets: equal hashes mean equal layouts for honest builds, which is all that is
/// asked of it.
#[must_use]
pub const fn layout_hash(structures: &[Structure]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325;
    let mut i = 0;
    while i < structures.len() {
        let s = &structures[i];
        hash = hash_word(hash_bytes(hash, s.name.as_bytes()), s.bytes as u64);
        let mut j = 0;
        while j < s.fields.len() {
            let f = &s.fields[j];
            hash = hash_bytes(hash, f.name.as_bytes());
            hash = hash_word(hash_word(hash, f.offset as u64), f.bytes as u64);
            j += 1;
        }
        i += 1;
    }
    hash
}

const fn hash_bytes(mut hash: u64, bytes: &[u8]) -> u64 {
    let mut i = 0;
    while i < bytes.len() {
        hash = (hash ^ bytes[i] as u64).wrapping_mul(0x0000_0100_0000_01b3);
        i += 1;
    }
    hash
}

const fn hash_word(hash: u64, word: u64) -> u64 {
    hash_bytes(hash, &word.to_le_bytes())
}

/// The tables of `docs/layout.md` for these structures: every byte, as the code has it.
#[must_use]
pub fn markdown(structures: &[Structure]) -> String {
    let mut page = String::new();
    for s in structures {
        let _infallible = write!(page, "### {}\n\n{} bytes.\n\n", s.name, s.bytes);
        page.push_str("| offset | bytes | field | meaning |\n| ---: | ---: | --- | --- |\n");
        for f in s.fields {
            let doc = f.doc.trim().replace('|', "\\|");
            let _infallible = writeln!(page, "| {} | {} | `{}` | {doc} |", f.offset, f.bytes, f.name);
        }
        page.push('\n');
    }
    page
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    const ONE: Structure =
        Structure { name: "S", bytes: 8, fields: &[Field { name: "a", offset: 0, bytes: 8, doc: "" }] };

    const MOVED: &[Field] = &[Field { name: "a", offset: 8, bytes: 8, doc: "" }];
    const TOLD: &[Field] = &[Field { name: "a", offset: 0, bytes: 8, doc: "told" }];

    #[test]
    fn the_hash_tells_layouts_apart() {
        let hash = layout_hash(&[ONE]);
        assert_ne!(hash, layout_hash(&[Structure { bytes: 16, ..ONE }]));
        assert_ne!(hash, layout_hash(&[Structure { name: "T", ..ONE }]));
        assert_ne!(hash, layout_hash(&[ONE, ONE]));
        assert_ne!(hash, layout_hash(&[Structure { fields: MOVED, ..ONE }]));
    }

    #[test]
    fn the_hash_does_not_depend_on_words_of_documentation() {
        assert_eq!(layout_hash(&[ONE]), layout_hash(&[Structure { fields: TOLD, ..ONE }]));
    }
}
