// SPDX-License-Identifier: Apache-2.0
//! A loader program that panics at its request.
use std::io::{Read, Write};

fn main() {
    let ready = [96, 0, 0, 0, 4, 0, 0, 0, b'1', b'.', b'0', 0];
    let mut output = std::io::stdout();
    output.write_all(&ready).and_then(|()| output.flush()).expect("the agent listens");
    let mut header = [0_u8; 8];
    std::io::stdin().read_exact(&mut header).expect("the agent sends a request");
    let entries = vec![1, 2, 3];
    println!("{}", entries[usize::from(header[0]) + 4]);
}
