//! What a neighbour may write into the shared memory of others.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::Path;

use klaw_channel::{RINGS, TABLES};
use klaw_shm::session;
use klaw_testkit::{Outcome, Role, Scratch};
use rustix::fs::{SeekFrom, seek};

use crate::{ROOT_AT, TABLES_AT, check, xorshift};

/// What is overwritten while everybody is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Damage {
    Tables,
    /// The tables with their root page.
    Root,
    Rings,
    All,
    /// A few bits, one after the other, in what is in use.
    Bits,
}

/// A session that is damaged, step by step, and used after each.
pub(crate) struct Victim {
    pub(crate) host: Role,
    pub(crate) path: String,
    pub(crate) channel: String,
    /// What was damaged so far, if it is few enough to tell.
    pub(crate) damage: Vec<String>,
}

pub(crate) fn hostile(damage: Damage, live: fn(&mut Victim, last: bool) -> Outcome) -> Outcome {
    let given = std::env::var("KLAW_SEED").ok().and_then(|seed| seed.parse().ok());
    let rounds = match (damage, std::env::var_os("KLAW_LONG").is_some()) {
        (Damage::Bits, false) => 24,
        (Damage::Bits, true) => 1_000,
        (_, false) => 4,
        (_, true) => 50,
    };
    let seeds: Vec<u64> = given.map_or((1..=rounds).collect(), |seed| vec![seed]);
    let mut wrong = Vec::new();
    for &seed in &seeds {
        wrong.extend(hostile_round(damage, seed, live).err().map(|why| format!("KLAW_SEED={seed}: {why}")));
    }
    check(wrong.is_empty(), || format!("{} of {} rounds:\n{}", wrong.len(), seeds.len(), wrong.join("\n")))
}

pub(crate) fn hostile_round(damage: Damage, seed: u64, live: fn(&mut Victim, bool) -> Outcome) -> Outcome {
    let scratch = Scratch::new()?;
    let kind = if seed.is_multiple_of(2) { "calls" } else { "messages" };
    let mut host = Role::spawn("host", &[scratch.arg(), kind], &[])?;
    let path = host.expect("session")?;
    let channel = host.expect("channel")?;
    let mut victim = Victim { host, path, channel, damage: Vec::new() };
    let outcome = torment(&mut victim, damage, seed, live);
    let outcome = outcome.map_err(|why| format!("{why} after {:?}", victim.damage));
    // Whatever became of it, the machine is to be as it was.
    drop(victim);
    session::clean(scratch.path()).map_err(|e| e.to_string())?;
    outcome
}

pub(crate) fn torment(
    victim: &mut Victim,
    damage: Damage,
    seed: u64,
    live: fn(&mut Victim, bool) -> Outcome,
) -> Outcome {
    let mut guest = Role::spawn("guest", &[&victim.path, &victim.channel], &[])?;
    guest.expect("joined")?;
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    for _ in 0..if damage == Damage::Bits { 6 } else { 1 } {
        victim.damage.extend(inflict(&victim.path, damage, &mut state)?);
        live(victim, false)?;
    }
    guest.kill()?;
    live(victim, true)
}

/// Overwrites; what and where, if it is few enough to tell.
pub(crate) fn inflict(path: &str, damage: Damage, state: &mut u64) -> Result<Vec<String>, String> {
    let (tables, rings) = (segment_file(path, TABLES.name)?, segment_file(path, RINGS.name)?);
    if damage == Damage::Bits {
        return flip(&tables, state).map(|flipped| vec![flipped]);
    }
    if damage != Damage::Rings {
        let from = if damage == Damage::Tables { TABLES_AT } else { ROOT_AT };
        // With counters of any value, all of a table may count as used.
        scatter(&tables, from..TABLES.bytes, state)?;
    }
    if matches!(damage, Damage::Rings | Damage::All) {
        for range in used(&rings, ROOT_AT)? {
            scatter(&rings, range, state)?;
        }
    }
    Ok(Vec::new())
}

/// The segment as a file, as a neighbour of the same user can open it.
pub(crate) fn segment_file(path: &str, kind: &str) -> Result<File, String> {
    let id = Path::new(path).file_name().and_then(|n| n.to_str()).unwrap_or_default();
    let uid = rustix::process::geteuid().as_raw();
    let name = format!("/dev/shm/klaw-{uid}-{id}-{kind}");
    OpenOptions::new().read(true).write(true).open(&name).map_err(|e| format!("{name}: {e}"))
}

/// The parts of a segment that have memory.
pub(crate) fn used(file: &File, from: u64) -> Result<Vec<std::ops::Range<u64>>, String> {
    let mut parts = Vec::new();
    let mut at = from;
    while let Ok(start) = seek(file, SeekFrom::Data(at)) {
        let end = seek(file, SeekFrom::Hole(start)).map_err(|e| e.to_string())?;
        parts.push(start..end);
        at = end;
    }
    Ok(parts)
}

pub(crate) fn scatter(file: &File, range: std::ops::Range<u64>, state: &mut u64) -> Outcome {
    let words = (range.end - range.start) / 8;
    let noise: Vec<u8> = (0..words).flat_map(|_| xorshift(state).to_le_bytes()).collect();
    file.write_all_at(&noise, range.start).map_err(|e| e.to_string())
}

/// Flips one bit, or a whole byte, of a word that somebody has written or that is next to one.
pub(crate) fn flip(file: &File, state: &mut u64) -> Result<String, String> {
    let mut words = Vec::new();
    for range in used(file, ROOT_AT)? {
        let mut bytes = vec![0; usize::try_from(range.end - range.start).map_err(|e| e.to_string())?];
        file.read_exact_at(&mut bytes, range.start).map_err(|e| e.to_string())?;
        let written = (range.start..).step_by(8).zip(bytes.chunks_exact(8)).filter(|(_, w)| w != &[0; 8]);
        words.extend(written.map(|(at, _)| at));
    }
    let neighbour = if xorshift(state).is_multiple_of(4) { 8 } else { 0 };
    let chosen = xorshift(state) % words.len() as u64;
    let at = words[usize::try_from(chosen).map_err(|e| e.to_string())?] + neighbour + xorshift(state) % 8;
    let mut byte = [0];
    file.read_exact_at(&mut byte, at).map_err(|e| e.to_string())?;
    let whole = xorshift(state).is_multiple_of(4);
    let mask = if whole { 0xff } else { 1_u8 << (xorshift(state) % 8) };
    file.write_all_at(&[byte[0] ^ mask], at).map_err(|e| e.to_string())?;
    Ok(format!("{at:#x}: {:#04x} -> {:#04x}", byte[0], byte[0] ^ mask))
}
