//! Output of a worker, cut into lines.

/// A line that is longer comes in pieces: a worker that never ends its line must not fill the driver's memory.
const LONGEST_LINE_BYTES: usize = 64 << 10;

/// Collects bytes into lines.
#[derive(Debug, Default)]
pub(super) struct Lines {
    rest: Vec<u8>,
}

impl Lines {
    /// The lines that these bytes complete.
    pub(super) fn push(&mut self, bytes: &[u8], mut line: impl FnMut(String)) {
        for piece in bytes.split_inclusive(|&byte| byte == b'\n') {
            self.rest.extend_from_slice(piece);
            if piece.ends_with(b"\n") {
                self.rest.pop();
                line(self.take());
            } else {
                while self.rest.len() >= LONGEST_LINE_BYTES {
                    let after = self.rest.split_off(character_end(&self.rest, LONGEST_LINE_BYTES));
                    line(self.take());
                    self.rest = after;
                }
            }
        }
    }

    /// What came after the last end of a line, if anything did.
    pub(super) fn finish(&mut self) -> Option<String> {
        (!self.rest.is_empty()).then(|| self.take())
    }

    fn take(&mut self) -> String {
        let bytes = std::mem::take(&mut self.rest);
        let bytes = bytes.strip_suffix(b"\r").unwrap_or(&bytes);
        String::from_utf8_lossy(bytes).into_owned()
    }
}

/// The last place up to `at` that is not inside of a UTF-8 sequence.
fn character_end(bytes: &[u8], at: usize) -> usize {
    let starts = (at.saturating_sub(3)..=at).rev();
    starts.into_iter().find(|&n| bytes.get(n).is_none_or(|byte| byte & 0xc0 != 0x80)).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cut(pieces: &[&[u8]]) -> Vec<String> {
        let (mut lines, mut got) = (Lines::default(), Vec::new());
        for piece in pieces {
            lines.push(piece, |line| got.push(line));
        }
        got.extend(lines.finish());
        got
    }

    #[test]
    fn lines_are_whole_however_they_come() {
        assert_eq!(cut(&[b"a\nb", b"c\n", b"\n", b"d"]), ["a", "bc", "", "d"]);
        assert_eq!(cut(&[b"a\r\nb\r", b"\n"]), ["a", "b"]);
        assert_eq!(cut(&[b"\xff\n"]), ["\u{fffd}"]);
        assert!(cut(&[]).is_empty());
    }

    #[test]
    fn an_endless_line_comes_in_pieces_between_characters() {
        let text = "ä".repeat(LONGEST_LINE_BYTES);
        let text = format!("x{text}");
        let pieces = cut(&[text.as_bytes()]);
        assert!(pieces.len() > 1 && pieces.iter().all(|piece| piece.len() <= LONGEST_LINE_BYTES));
        assert_eq!(pieces.concat(), text);
    }

    proptest! {
        #[test]
        fn nothing_is_lost(text in "[a-c\n]{0,40}", at in 0..40_usize) {
            let at = at.min(text.len());
            let (first, second) = text.as_bytes().split_at(at);
            let expected: Vec<_> = text.lines().map(str::to_owned).collect();
            prop_assert_eq!(cut(&[first, second]), expected);
        }
    }
}
