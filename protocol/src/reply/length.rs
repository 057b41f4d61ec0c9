//! Lines that hold a number: `:5`, `$11`, `*2`, and those whose number is known too late.

/// Where a length will stand. Made by a `begin_` method and spent by the `finish_` one of its kind.
#[derive(Debug)]
#[must_use = "a reply without its length breaks the connection"]
pub struct Deferred {
    at: usize,
}

impl Deferred {
    /// Leaves room for the shortest line, which most replies need.
    pub(super) fn open(buffer: &mut Vec<u8>) -> Deferred {
        let at = buffer.len();
        buffer.extend_from_slice(&[0; SHORTEST_LINE]);
        Deferred { at }
    }

    /// Where the line will start.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// Writes the line into its place and moves what stands behind it if it needs more room.
    pub(super) fn close(self, buffer: &mut Vec<u8>, marker: u8, number: usize) {
        let body = self.at + SHORTEST_LINE;
        if buffer.len() < body {
            // Only a rewind past the opening gets here; then there is nothing to give a length to.
            return;
        }
        if number < 10 {
            let line = [marker, b'0' + number as u8, b'\r', b'\n'];
            buffer[self.at..body].copy_from_slice(&line);
            return;
        }
        let mut digits = itoa::Buffer::new();
        let digits = digits.format(number).as_bytes();
        let body_end = buffer.len();
        let moved = digits.len() - 1;
        buffer.resize(body_end + moved, 0);
        buffer.copy_within(body..body_end, body + moved);
        buffer[self.at] = marker;
        let line_end = self.at + 1 + digits.len();
        buffer[self.at + 1..line_end].copy_from_slice(digits);
        buffer[line_end..line_end + 2].copy_from_slice(b"\r\n");
    }
}

/// A marker, one digit, CR and LF.
const SHORTEST_LINE: usize = 4;

/// Longest line: a marker, a sign, 19 digits (20 unsigned), CR and LF.
const LONGEST_LINE: usize = 24;

/// Appends a line with a length. One or two digits are a plain store.
#[inline]
pub(super) fn push_length(buffer: &mut Vec<u8>, marker: u8, number: usize) {
    if number < 10 {
        buffer.extend_from_slice(&[marker, b'0' + number as u8, b'\r', b'\n']);
    } else if number < 100 {
        let (tens, ones) = (b'0' + (number / 10) as u8, b'0' + (number % 10) as u8);
        buffer.extend_from_slice(&[marker, tens, ones, b'\r', b'\n']);
    } else {
        push_line(buffer, marker, itoa::Buffer::new().format(number));
    }
}

/// Appends a line with a signed number.
#[inline]
pub(super) fn push_integer(buffer: &mut Vec<u8>, marker: u8, number: i64) {
    match usize::try_from(number) {
        Ok(small) if small < 100 => push_length(buffer, marker, small),
        _ => push_line(buffer, marker, itoa::Buffer::new().format(number)),
    }
}

/// Appends a marker, digits and the end of the line.
///
/// The line is made on the stack and copied at its greatest length, since a copy of a known length
/// is a few stores while one of an unknown length is a call.
#[inline]
fn push_line(buffer: &mut Vec<u8>, marker: u8, digits: &str) {
    let mut line = [0; LONGEST_LINE];
    let end = 1 + digits.len();
    line[0] = marker;
    line[1..end].copy_from_slice(digits.as_bytes());
    line[end] = b'\r';
    line[end + 1] = b'\n';
    let len = buffer.len() + end + 2;
    buffer.extend_from_slice(&line);
    buffer.truncate(len);
}
