// SPDX-License-Identifier: Apache-2.0
//! Frames on the pipes to the agent: reading requests on standard input, writing reports on standard output.
//! A frame is a number and a length as u32, the payload, and zeros up to a multiple of 4 bytes; all numbers are little-endian.
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::sync::{LazyLock, Mutex};

/// Longer texts keep their end, where a loader and the verifier tell the reason.
const TEXT_LIMIT: usize = 1 << 20;

/// A frame of the request, or a control frame.
pub struct Frame {
    /// One of the constants in `frames`.
    pub number: u32,
    /// The fields, one after the other.
    pub payload: Vec<u8>,
}

impl Frame {
    /// A cursor over the fields.
    pub fn fields(&self) -> Fields<'_> {
        Fields { left: &self.payload }
    }
}

/// Reads the next frame. Fails at the end of the input, because the agent closes it only when the cell is over.
pub fn read_frame(input: &mut impl Read) -> io::Result<Frame> {
    let mut header = [0; 8];
    input.read_exact(&mut header)?;
    let mut words = Fields { left: &header };
    let (number, length) = (words.u32(), words.u32() as usize);
    let mut payload = vec![0; length.next_multiple_of(4)];
    input.read_exact(&mut payload)?;
    payload.truncate(length);
    Ok(Frame { number, payload })
}

/// Asks the agent a question of these texts, to which it answers yes or no.
pub fn ask_agent(question: u32, expected: u32, texts: &[&str]) -> bool {
    texts.iter().fold(Message::new(question), |message, text| message.string(text)).send();
    let answer = read_frame(&mut io::stdin()).ok().filter(|frame| frame.number == expected);
    // Without an agent there is nothing left to do.
    let Some(answer) = answer else { std::process::exit(1) };
    answer.fields().u32() != 0
}

/// A cursor over the fields of a payload. Reading beyond the end gives 0, no bytes or the empty string.
pub struct Fields<'a> {
    left: &'a [u8],
}

impl<'a> Fields<'a> {
    fn take(&mut self, length: usize) -> &'a [u8] {
        let (taken, left) = self.left.split_at(length.min(self.left.len()));
        self.left = left;
        taken
    }

    /// Reads a number of 4 bytes.
    pub fn u32(&mut self) -> u32 {
        self.take(4).try_into().map_or(0, u32::from_le_bytes)
    }

    /// Reads text up to the next 0. Text that is not UTF-8 counts as empty.
    pub fn string(&mut self) -> &'a str {
        let end = self.left.iter().position(|byte| *byte == 0);
        let text = self.take(end.unwrap_or(self.left.len()));
        self.take(1);
        std::str::from_utf8(text).unwrap_or_default()
    }

    /// Reads all texts up to the end.
    pub fn strings(&mut self) -> Vec<&'a str> {
        let mut found = Vec::new();
        while !self.left.is_empty() {
            found.push(self.string());
        }
        found
    }

    /// Reads a u32 and as many bytes as it says.
    pub fn counted(&mut self) -> &'a [u8] {
        let length = self.u32() as usize;
        self.take(length)
    }

    /// Skips the numbers of a frame about inner maps and reads the name of the map.
    pub fn inner_map_name(&mut self) -> &'a str {
        self.take(16);
        self.string()
    }

    /// Reads everything that is left.
    pub fn rest(&mut self) -> &'a [u8] {
        self.take(self.left.len())
    }
}

static OUTPUT: LazyLock<Mutex<File>> = LazyLock::new(|| {
    let descriptor = io::stdout().as_fd().try_clone_to_owned();
    Mutex::new(File::from(descriptor.expect("standard output is open")))
});

/// A frame to send, built field by field in the order of the table of frames.
pub struct Message {
    bytes: Vec<u8>,
}

impl Message {
    /// An empty frame with this number.
    pub fn new(number: u32) -> Self {
        let mut bytes = number.to_le_bytes().to_vec();
        bytes.extend([0; 4]);
        Self { bytes }
    }

    /// Adds a number of 4 bytes; of `true` and `false` also.
    pub fn u32(mut self, value: impl Into<u32>) -> Self {
        self.bytes.extend(value.into().to_le_bytes());
        self
    }

    /// Adds a number of 8 bytes.
    pub fn u64(mut self, value: u64) -> Self {
        self.bytes.extend(value.to_le_bytes());
        self
    }

    /// Adds text that ends with a 0.
    pub fn string(mut self, text: &str) -> Self {
        self.bytes.extend(text.bytes().filter(|byte| *byte != 0));
        self.bytes.push(0);
        self
    }

    /// Adds bytes without their length; only for the last field.
    pub fn bytes(mut self, bytes: &[u8]) -> Self {
        self.bytes.extend(bytes);
        self
    }

    /// Adds text without its length, cut if it is very long; only for the last field.
    pub fn text(self, text: &str) -> Self {
        let start = text.len().saturating_sub(TEXT_LIMIT);
        if start == 0 {
            return self.bytes(text.as_bytes());
        }
        let note = format!("[corematrix: the first {start} bytes are cut here]\n");
        self.bytes(note.as_bytes()).bytes(&text.as_bytes()[start..])
    }

    /// Writes the frame at once, so that a later crash loses nothing. Without an agent there is nothing left to do.
    pub fn send(mut self) {
        let length = self.bytes.len() - 8;
        self.bytes[4..8].copy_from_slice(&(length as u32).to_le_bytes());
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
        let mut output = OUTPUT.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if output.write_all(&self.bytes).is_err() {
            std::process::exit(1);
        }
    }
}
