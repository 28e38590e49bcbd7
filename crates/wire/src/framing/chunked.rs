//! Bodies that come in chunks (RFC 9112, 7.1), in their plainest form: no chunk extensions, no
//! trailers, sizes of eight digits at most. hyper takes more than that.

/// The most hexadecimal digits of a chunk's size: chunks are smaller than 4 GiB.
const DIGITS: u8 = 8;

/// Follows one body.
#[derive(Debug, Default)]
pub(super) struct Chunked {
    state: State,
    size: u64,
    digits: u8,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum State {
    #[default]
    Size,
    SizeLf,
    Data,
    DataCr,
    DataLf,
    EndCr,
    EndLf,
}

impl Chunked {
    /// Follows what comes next, and hands on what is the body's own and not its framing's. Returns
    /// how many bytes are of this body, and whether it ended.
    ///
    /// # Errors
    /// Where the framing is not plain.
    pub(super) fn follow(
        &mut self,
        bytes: &[u8],
        mut own: impl FnMut(&[u8]),
    ) -> Result<(usize, bool), usize> {
        let mut at = 0;
        while let Some(&byte) = bytes.get(at) {
            if self.state == State::Data {
                let left = bytes.len() - at;
                let read = usize::try_from(self.size).unwrap_or(usize::MAX).min(left);
                self.size -= read as u64;
                own(bytes.get(at..at + read).unwrap_or_default());
                at += read;
                if self.size == 0 {
                    self.state = State::DataCr;
                }
                continue;
            }
            self.state = self.next(byte).ok_or(at)?;
            at += 1;
            if self.state == State::Size && byte == b'\n' && self.ended() {
                return Ok((at, true));
            }
        }
        Ok((at, false))
    }

    fn next(&mut self, byte: u8) -> Option<State> {
        match (self.state, byte) {
            (State::Size, b'\r') if self.digits > 0 => Some(State::SizeLf),
            (State::Size, _) if self.digits < DIGITS => {
                let digit = char::from(byte).to_digit(16)?;
                self.size = self.size << 4 | u64::from(digit);
                self.digits += 1;
                Some(State::Size)
            }
            (State::SizeLf, b'\n') if self.size == 0 => Some(State::EndCr),
            (State::SizeLf, b'\n') => Some(State::Data),
            (State::DataCr, b'\r') => Some(State::DataLf),
            (State::DataLf, b'\n') => {
                self.digits = 0;
                Some(State::Size)
            }
            (State::EndCr, b'\r') => Some(State::EndLf),
            (State::EndLf, b'\n') => Some(State::Size),
            _ => None,
        }
    }

    /// After an LF that leads back to a size: whether it was the body's last. The digits of the last
    /// chunk's size were not forgotten then.
    fn ended(&self) -> bool {
        self.digits > 0
    }
}
