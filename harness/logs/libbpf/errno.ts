// Error numbers of Linux and of libbpf: their names, and the number behind each form in which libbpf prints an error.

/**
 * Names of the errors bpf(2) and libbpf return.
 * @see include/uapi/asm-generic/errno-base.h and errno.h; include/linux/errno.h for 524; enum libbpf_errno in libbpf_legacy.h from 4000 on
 */
const ERRNO_NAMES = {
  1: 'EPERM',
  2: 'ENOENT',
  3: 'ESRCH',
  4: 'EINTR',
  5: 'EIO',
  6: 'ENXIO',
  7: 'E2BIG',
  8: 'ENOEXEC',
  9: 'EBADF',
  11: 'EAGAIN',
  12: 'ENOMEM',
  13: 'EACCES',
  14: 'EFAULT',
  16: 'EBUSY',
  17: 'EEXIST',
  19: 'ENODEV',
  22: 'EINVAL',
  23: 'ENFILE',
  24: 'EMFILE',
  27: 'EFBIG',
  28: 'ENOSPC',
  33: 'EDOM',
  34: 'ERANGE',
  38: 'ENOSYS',
  61: 'ENODATA',
  62: 'ETIME',
  71: 'EPROTO',
  74: 'EBADMSG',
  75: 'EOVERFLOW',
  84: 'EILSEQ',
  93: 'EPROTONOSUPPORT',
  95: 'EOPNOTSUPP',
  97: 'EAFNOSUPPORT',
  99: 'EADDRNOTAVAIL',
  105: 'ENOBUFS',
  117: 'EUCLEAN',
  126: 'ENOKEY',
  524: 'ENOTSUPP',
  4000: 'LIBBPF_ERRNO__LIBELF',
  4001: 'LIBBPF_ERRNO__FORMAT',
  4002: 'LIBBPF_ERRNO__KVERSION',
  4003: 'LIBBPF_ERRNO__ENDIAN',
  4004: 'LIBBPF_ERRNO__INTERNAL',
  4005: 'LIBBPF_ERRNO__RELOC',
  4006: 'LIBBPF_ERRNO__LOAD',
  4007: 'LIBBPF_ERRNO__VERIFY',
  4008: 'LIBBPF_ERRNO__PROG2BIG',
  4009: 'LIBBPF_ERRNO__KVER',
  4010: 'LIBBPF_ERRNO__PROGTYPE',
  4011: 'LIBBPF_ERRNO__WRNGPID',
  4012: 'LIBBPF_ERRNO__INVSEQ',
  4013: 'LIBBPF_ERRNO__NLPARSE',
} as const satisfies Record<number, string>;

const NUMBER_OF = new Map(Object.entries(ERRNO_NAMES).map(([number, name]) => [name as string, Number(number)]));

/** Texts of strerror(3), which libbpf printed before 1.6: those of glibc, and of musl where they differ. */
const STRERROR = new Map([
  ['Operation not permitted', 1],
  ['No such file or directory', 2],
  ['No such process', 3],
  ['Argument list too long', 7],
  ['Exec format error', 8],
  ['Bad file descriptor', 9],
  ['Resource temporarily unavailable', 11],
  ['Cannot allocate memory', 12],
  ['Out of memory', 12],
  ['Permission denied', 13],
  ['Bad address', 14],
  ['Device or resource busy', 16],
  ['Resource busy', 16],
  ['File exists', 17],
  ['No such device', 19],
  ['Invalid argument', 22],
  ['No space left on device', 28],
  ['Numerical result out of range', 34],
  ['Result not representable', 34],
  ['Function not implemented', 38],
  ['Protocol error', 71],
  ['Value too large for defined data type', 75],
  ['Operation not supported', 95],
  ['Not supported', 95],
  ['Structure needs cleaning', 117],
  ['Unknown error 524', 524],
]);

/** The name of a positive error number: `EINVAL`, or `errno 999` for a number without a name. */
export function errnoName(errno: number): string {
  return (ERRNO_NAMES as Record<number, string>)[errno] ?? `errno ${errno}`;
}

/**
 * The positive number behind an error as libbpf prints it: `-EINVAL` (since 1.6), `-22`, `Invalid argument` or
 * `Invalid argument(-22)` (before); null for other text.
 */
export function errnoOf(text: string): number | null {
  const trimmed = text.trim();
  const number = /^-?(\d{1,4})$/.exec(trimmed) ?? /\((?:err = )?-?(\d{1,4})\)$/.exec(trimmed);
  if (number) return Number(number[1]);
  return NUMBER_OF.get(trimmed.replace(/^-/, '')) ?? STRERROR.get(trimmed) ?? null;
}
