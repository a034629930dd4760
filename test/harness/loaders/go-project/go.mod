module example.org/go-project

go 1.25.0

tool github.com/cilium/ebpf/cmd/bpf2go

require github.com/cilium/ebpf v0.22.0 // indirect

require golang.org/x/sys v0.43.0 // indirect
