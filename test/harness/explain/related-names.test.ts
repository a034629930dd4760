// Tests of finding kernel names that are variants of each other.
import { expect, test } from 'vitest';
import { areVariants } from '../../../harness/explain/related-names.ts';

test.each([
  ['filemap_alloc_folio', 'filemap_alloc_folio_noprof', true],
  ['blk_account_io_start', '__blk_account_io_start', true],
  ['blk_account_io_start', 'do_blk_account_io_start', true],
  ['bpf_lsm_task_getsecid', 'bpf_lsm_task_getsecid_obj', true],
  ['account_page_dirtied', 'account_idle_time', false],
  ['md_flush_request', 'dd_finish_request', false],
  ['dummy_fentry', '__fentry__', false],
  ['finish_task_switch', 'switch_task_namespaces', false],
  ['scx_bpf_select_cpu_dfl', 'cpu_select_mitigations', false],
  ['nf_nat_packet', 'nf_log_packet', false],
  ['vfs_read', 'vfs_read_of_quite_another_kind', false],
  ['open', 'do_open', false],
])('the names %s and %s are variants of each other: %s', (a, b, expected) => {
  expect([areVariants(a, b), areVariants(b, a)]).toEqual([expected, expected]);
});
