// SPDX-License-Identifier: Apache-2.0
//! The types of maps that all releases of aya know.

/// The data of a map of any type, with the types that only this release knows.
macro_rules! data_of {
    ($map:expr $(, $more:ident)*) => {
        match $map {
            Map::Array(data)
            | Map::BloomFilter(data)
            | Map::CpuMap(data)
            | Map::DevMap(data)
            | Map::DevMapHash(data)
            | Map::HashMap(data)
            | Map::LpmTrie(data)
            | Map::LruHashMap(data)
            | Map::PerCpuArray(data)
            | Map::PerCpuHashMap(data)
            | Map::PerCpuLruHashMap(data)
            | Map::PerfEventArray(data)
            | Map::ProgramArray(data)
            | Map::Queue(data)
            | Map::RingBuf(data)
            | Map::SockHash(data)
            | Map::SockMap(data)
            | Map::Stack(data)
            | Map::StackTraceMap(data)
            | Map::Unsupported(data)
            | Map::XskMap(data)
            $(| Map::$more(data))* => data,
        }
    };
}

pub(crate) use data_of;
