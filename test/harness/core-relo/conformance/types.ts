// Families about bits, sizes, whole types, enumerators, and several candidates.
import type { Family } from './cases.ts';

const ALL_OF = (field: string, from: number) =>
  ['off', 'size', 'left', 'right', 'sign', 'exists'].map((what, at) => `out[${from + at}] = ${what}(${field});`).join(' ');

const TYPES = `
struct a_struct { int x; }; union a_union { int y; int z; }; typedef struct { int q; } anon_struct_t; typedef struct a_struct *ptr_t;
enum an_enum { E1 = 1, E2 = 2 }; typedef int int_t; typedef enum { T1 = 1 } enum_t; typedef void *void_ptr_t;
typedef int (*func_proto_t)(struct a_struct *, int); typedef char arr_t[20]; typedef void (*nothing_t)(void);`;

export const TYPE_FAMILIES = {
  bitfields: {
    local: `
struct bits { unsigned a : 3; unsigned b : 7; int c : 13; u64 d : 33; u8 e : 1; int whole; } access_index;
SEC("raw_tp/p") int p(u64 *ctx)
{
	at(bits, s);
	${ALL_OF('s->a', 0)} ${ALL_OF('s->b', 6)} ${ALL_OF('s->c', 12)}
	${ALL_OF('s->d', 18)} ${ALL_OF('s->e', 24)} ${ALL_OF('s->whole', 30)}
	return 0;
}`,
    targets: {
      same: 'struct bits { unsigned a : 3; unsigned b : 7; int c : 13; u64 d : 33; u8 e : 1; int whole; } s;',
      'other sizes': 'struct bits { unsigned a : 9; int b : 3; int c : 31; u64 d : 60; u8 e : 7; int whole : 11; } s;',
      'plain members': 'struct bits { u64 a; short b; unsigned c; s64 d; u8 e; u16 whole; } s;',
      'across words':
        'struct bits { u32 x : 30; u32 a : 5; u8 y : 7; u16 b : 15; u64 z : 50; u64 d : 63; u8 e : 1; u64 c : 40; int whole; } s;',
      'packed too far': 'struct __attribute__((packed)) bits { u8 x : 5; u64 d : 62; u8 a : 3; unsigned b : 30; int c : 31; } s;',
      enums: 'enum sign { MINUS = -1 }; enum plain { PLUS = 1 }; struct bits { enum sign c : 4; enum plain a : 4; } s;',
    },
  },
  sizes: {
    local: `
struct sizes { int i; struct { int x; } s; union { long y; } u; int arr[4]; void *p; enum { V = 1 } e; float f; } access_index;
SEC("raw_tp/p") int p(u64 *ctx)
{
	at(sizes, s);
	out[0] = size(s->i); out[1] = size(s->s); out[2] = size(s->u); out[3] = size(s->arr); out[4] = size(s->arr[1]); out[5] = size(s->p);
	out[6] = size(s->e); out[7] = size(s->f);
	return 0;
}`,
    targets: {
      same: 'struct sizes { int i; struct { int x; } s; union { long y; } u; int arr[4]; void *p; enum { V = 1 } e; float f; } s;',
      other:
        'struct sizes { u64 i; struct { int x; int w; } s; union { int y; } u; int arr[10]; void *p; enum { W = 0x100000000 } e; double f; } s;',
      elsewhere:
        'struct sizes { long more[3]; float f; enum { V = 1 } e; void *p; int arr[4]; union { long y; } u; struct { int x; } s; int i; } s;',
      ambiguous: 'struct sizes___1 { int i; } s; struct sizes___2 { long i; } t;',
    },
  },
  'whole types': {
    local: `${TYPES}
#define ask(what, at) out[at] = __builtin_preserve_type_info(*(what *)0, 0); out[at + 1] = __builtin_preserve_type_info(*(what *)0, 1)
#define id(what, at) out[at] = __builtin_btf_type_id(*(what *)0, 1); out[at + 1] = __builtin_btf_type_id(*(what *)0, 0)
SEC("raw_tp/p") int p(u64 *ctx)
{
	ask(struct a_struct, 0); ask(union a_union, 2); ask(anon_struct_t, 4); ask(ptr_t, 6); ask(enum an_enum, 8); ask(int_t, 10); ask(enum_t, 12);
	ask(void_ptr_t, 14); ask(func_proto_t, 16); ask(arr_t, 18); ask(nothing_t, 20); id(struct a_struct, 22); id(func_proto_t, 24);
	return 0;
}`,
    targets: {
      same: `${TYPES} struct a_struct v1; union a_union v2; anon_struct_t v3; ptr_t v4; enum an_enum v5; int_t v6; enum_t v7; void_ptr_t v8; func_proto_t v9; arr_t v10; nothing_t v11;`,
      'all missing': 'int v;',
      'other insides': `struct a_struct { long n; char m; } v1; union a_union { char c[40]; } v2; typedef struct { char w[5]; } anon_struct_t; anon_struct_t v3;
typedef struct a_struct **ptr_t; ptr_t v4; enum an_enum { E9 = 9 } v5; typedef unsigned long int_t; int_t v6; typedef enum { T7 = 7, T8 } enum_t; enum_t v7;
typedef const void *void_ptr_t; void_ptr_t v8; typedef long (*func_proto_t)(union a_union *, unsigned char); func_proto_t v9; typedef int arr_t[3]; arr_t v10;`,
      'other kinds': `union a_struct { int x; } v1; struct a_union { int y; } v2; typedef int anon_struct_t; anon_struct_t v3; typedef int ptr_t; ptr_t v4;
struct an_enum { int x; } v5; typedef void *int_t; int_t v6; typedef struct { int x; } enum_t; enum_t v7; typedef int void_ptr_t; void_ptr_t v8;
typedef int func_proto_t; func_proto_t v9; typedef char *arr_t; arr_t v10;`,
      'wrong arguments': `struct a_struct { int x; } v1; typedef int (*func_proto_t)(struct a_struct *, int, int); func_proto_t v9; typedef void (*nothing_t)(int); nothing_t v11;`,
      'forward only': 'struct a_struct; struct a_struct *v1; typedef struct a_struct *ptr_t; ptr_t v4;',
    },
  },
  'types that match': {
    matches: true,
    local: `
struct other { int deep; }; enum kind { ONE, TWO };
struct full { int a; unsigned b; struct other *o; struct other in; enum kind k; int arr[3]; int (*call)(struct other *, int); };
typedef struct full *full_ptr; typedef int number; typedef enum kind kind_t; typedef int (*call_t)(int); struct ahead; typedef struct ahead *ahead_ptr;
typedef int five[5]; union both { int i; char c; };
#define ask(what, at) out[at] = __builtin_preserve_type_info(*(what *)0, 0)
SEC("raw_tp/p") int p(u64 *ctx)
{
	ask(struct full, 0); ask(full_ptr, 1); ask(number, 2); ask(kind_t, 3); ask(call_t, 4); ask(five, 5); ask(union both, 6); ask(enum kind, 7);
	ask(ahead_ptr, 8);
	return 0;
}`,
    targets: {
      same: `struct other { int deep; }; enum kind { ONE, TWO };
struct full { int a; unsigned b; struct other *o; struct other in; enum kind k; int arr[3]; int (*call)(struct other *, int); } v1;
typedef struct full *full_ptr; full_ptr v2; typedef int number; number v3; typedef enum kind kind_t; kind_t v4; typedef int (*call_t)(int); call_t v5;
typedef int five[5]; five v6; union both { int i; char c; } v7; enum kind v8; struct ahead { int x; }; typedef struct ahead *ahead_ptr; ahead_ptr v9;`,
      'more of everything': `struct other___2 { long z; int deep; }; enum kind___2 { ZERO, ONE___x, TWO, THREE };
struct full { long n; int (*call)(struct other___2 *, int); int arr[3]; enum kind___2 k; struct other___2 in; struct other___2 *o; unsigned b; int a; } v1;
typedef struct full *const full_ptr; full_ptr v2; typedef enum kind___2 kind_t; kind_t v4; union both { long l; char c; int i; } v7; enum kind___2 v8;
union ahead; typedef union ahead *ahead_ptr; ahead_ptr v9;`,
      'something else each': `struct other { unsigned deep; }; enum kind { ONE };
struct full { int a; unsigned b; struct other *o; struct other in; enum kind k; int arr[3]; int (*call)(struct other *, int); } v1;
typedef long number; number v3; typedef enum kind kind_t; kind_t v4; typedef int (*call_t)(unsigned); call_t v5; typedef int five[6]; five v6;
union both { int i; } v7; struct ahead; typedef struct ahead *ahead_ptr; ahead_ptr v9; typedef struct { int a; } *full_ptr; full_ptr v2;`,
      nothing: 'int v;',
    },
  },
  enumerators: {
    local: `
enum named { FIRST = 1, SECOND = 2, MINUS = -5, LARGE = 0x7fffffff }; enum named___late { THIRD___x = 3 };
typedef enum { ANON = 4 } anon_t;
#define value(type, name) __builtin_preserve_enum_value(*(type *)name, 1)
#define present(type, name) __builtin_preserve_enum_value(*(type *)name, 0)
SEC("raw_tp/p") int p(u64 *ctx)
{
	out[0] = present(enum named, FIRST); out[1] = value(enum named, FIRST); out[2] = value(enum named, SECOND); out[3] = value(enum named, MINUS);
	out[4] = present(enum named___late, THIRD___x); out[5] = value(enum named___late, THIRD___x); out[6] = value(anon_t, ANON); out[7] = value(enum named, LARGE);
	return 0;
}`,
    targets: {
      same: 'enum named { FIRST = 1, SECOND = 2, THIRD = 3, MINUS = -5, LARGE = 0x7fffffff } v; typedef enum { ANON = 4 } anon_t; anon_t w;',
      other: 'enum named { SECOND = 20, FIRST___y = 10, THIRD = 30, MINUS = 0xfffffff0 } v; typedef enum { ANON = 40 } anon_t; anon_t w;',
      'one missing': 'enum named { FIRST = 1, SECOND = 2, MINUS = -5, LARGE = 0x7fffffff } v; typedef enum { ANON = 4 } anon_t; anon_t w;',
      missing: 'enum named { NONE = 1 } v; enum unnamed { FIRST } w;',
      // Old versions of clang have no 64-bit enums.
      'of 64 bits': [
        {
          name: 'named',
          kind: 19,
          kindFlag: true,
          vlen: 4,
          size: 8,
          words: ['FIRST', 1, 0, 'MINUS', 0xfffffffb, 0xffffffff, 'SECOND', 2, 1, 'THIRD', 0, 0x80000000],
        },
        { name: 'anon_t', kind: 8, size: 3 },
        { kind: 19, vlen: 1, size: 8, words: ['ANON', 0xffffffff, 0xffffffff] },
      ],
      'several enums': 'enum named___1 { FIRST = 1, SECOND = 2 } v; enum named___2 { THIRD = 3, SECOND___w = 2, FIRST___w = 7 } w;',
    },
  },
  candidates: {
    local: `
struct shared { int a; int b; int c; } access_index; struct shared___b { int b; } access_index;
SEC("raw_tp/first") int first(u64 *ctx) { at(shared, s); out[0] = exists(s->c); out[1] = off(s->a); return 0; }
SEC("raw_tp/second") int second(u64 *ctx) { at(shared, s); at(shared___b, t); out[2] = off(s->b); out[3] = off(t->b); return 0; }`,
    targets: {
      'pruned by the first': 'struct shared { int a; int b; } s; struct shared___2 { long x; int b; int c; } t;',
      'nothing pruned where none matches': 'struct shared { int a; int b; } s; struct shared___2 { int a; int x; int b; } t;',
      'ambiguous from the start': 'struct shared { int a; int c; } s; struct shared___2 { int x; int a; int c; } t;',
      'of another kind': 'union shared { int a; int b; } s; typedef struct { int a; } shared; shared t;',
    },
  },
} as const satisfies Record<string, Family>;
