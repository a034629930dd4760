// SPDX-License-Identifier: Apache-2.0
//! What the name of a section tells about its programs.

/// The program type of a section that aya knows, in the words of libbpf; empty for any other.
pub fn program_type(section: &str) -> &'static str {
    let mut pieces = section.split('/');
    match (pieces.next().unwrap_or_default(), pieces.next()) {
        ("kprobe" | "kretprobe" | "uprobe" | "uprobe.s" | "uretprobe" | "uretprobe.s", _) => "kprobe",
        ("tp_btf" | "fentry" | "fentry.s" | "fexit" | "fexit.s" | "iter" | "iter.s", _) => "tracing",
        ("tracepoint" | "tp", _) => "tracepoint",
        ("raw_tp" | "raw_tracepoint", _) => "raw_tracepoint",
        ("lsm" | "lsm.s" | "lsm_cgroup", _) => "lsm",
        ("xdp" | "xdp.frags", _) => "xdp",
        ("classifier", _) => "sched_cls",
        ("socket", _) => "socket_filter",
        ("perf_event", _) => "perf_event",
        ("freplace", _) => "ext",
        ("sk_msg", _) => "sk_msg",
        ("sk_skb", _) => "sk_skb",
        ("sockops", _) => "sock_ops",
        ("sk_lookup", _) => "sk_lookup",
        ("sk_reuseport", _) => "sk_reuseport",
        ("flow_dissector", _) => "flow_dissector",
        ("lirc_mode2", _) => "lirc_mode2",
        ("cgroup_skb", _) | ("cgroup", Some("skb")) => "cgroup_skb",
        ("cgroup", Some("sysctl")) => "cgroup_sysctl",
        ("cgroup", Some("dev")) => "cgroup_device",
        ("cgroup", Some("getsockopt" | "setsockopt")) => "cgroup_sockopt",
        ("cgroup", Some("sock" | "post_bind4" | "post_bind6" | "sock_create" | "sock_release")) => "cgroup_sock",
        ("cgroup", Some(_)) => "cgroup_sock_addr",
        _ => "",
    }
}

/// The part of a section name after the first slash: a function, a hook, `CATEGORY/NAME` or `PATH:FUNCTION`.
pub fn target(section: &str) -> Option<&str> {
    section.split_once('/').map(|(_, target)| target).filter(|target| !target.is_empty())
}
