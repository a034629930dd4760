// Families about fields: their offsets, their types, and which types are compatible.
import type { Family } from './cases.ts';

export const FIELD_FAMILIES = {
  flavors: {
    local: `
struct pair { int a; int b; } access_index;
struct pair___turned { int b; int a; } access_index;
SEC("raw_tp/p") int p(u64 *ctx)
{
	at(pair, one); at(pair___turned, other);
	out[0] = one->a; out[1] = other->a; out[2] = exists(other->b);
	return 0;
}`,
    targets: {
      same: 'struct pair { int a; int b; } p;',
      moved: 'struct pair { long x; int b; int a; } p;',
      flavored: 'struct pair___2 { int z; int a; int b; } p;',
      'two flavors that agree': 'struct pair { int a; int b; } p; struct pair___2 { int a; int b; int c; } q;',
      'name that only begins alike': 'struct pairs { int a; int b; } p; struct pair____x { int a; int b; } q;',
      nothing: 'int p;',
    },
  },
  nesting: {
    local: `
struct outer { struct { struct { int a; } sub; int c; }; union { int b; long d; } u; } access_index;
SEC("raw_tp/p") int p(u64 *ctx)
{
	at(outer, o);
	out[0] = exists(o->sub.a); out[1] = off(o->sub.a); out[2] = off(o->u.b); out[3] = off(o->c);
	return 0;
}`,
    targets: {
      same: 'struct outer { struct { struct { int a; } sub; int c; }; union { int b; long d; } u; } o;',
      'anonymous elsewhere':
        'struct outer { long x; struct { int c; struct { union { struct { int y; int a; } sub; }; }; }; struct { int b; } u; } o;',
      'struct and union changed places':
        'union outer_u { int a; }; struct outer { union { int z; int a; } sub; int c; struct { int e; int b; } u; } o;',
      'no such field': 'struct outer { struct { int x; } sub; int c; union { long d; } u; } o;',
      'array instead of a field': 'struct outer { struct { int a[1]; } sub; int c[2]; union { int b; } u; } o;',
      'no container': 'struct outer { int c; } o;',
      'container that is no struct': 'struct outer { int sub; int c; int *u; } o;',
      'container that is an array': 'struct outer { struct { int a; } sub[1]; int c; union { int b; } u[2]; } o;',
      'twins that agree':
        'struct outer { struct { int a; } sub; int c; union { int b; } u; } o; struct outer___2 { struct { int a; } sub; int c; union { int b; } u; long more; } p;',
      'twins that differ': 'struct outer { struct { int a; } sub; int c; } o; struct outer___2 { int x; struct { int a; } sub; int c; } p;',
      'twin that has only a part':
        'struct outer { struct { int a; } sub; int c; } o; struct outer___2 { int x; int c; union { int b; } u; } p;',
      // No compiler accepts the same name twice. The path and offset through the anonymous member remain, as in libbpf.
      'wrong kind in an anonymous member, right one behind': [
        { name: 'int', kind: 1, size: 4, words: [0x01000020] },
        { kind: 3, words: [1, 1, 3] },
        { kind: 4, vlen: 2, size: 16, words: ['y', 1, 0, 'c', 2, 32] },
        { name: 'outer', kind: 4, vlen: 3, size: 24, words: ['x', 1, 0, '', 3, 32, 'c', 1, 160] },
      ],
    },
  },
  'too deep': {
    local: `
struct deep { int a; } access_index;
SEC("raw_tp/p") int p(u64 *ctx) { at(deep, d); out[0] = off(d->a); return 0; }`,
    targets: {
      'as deep as it may be': `struct deep { ${'struct { int :32; '.repeat(61)} int a; ${'}; '.repeat(61)} } d;`,
      'one deeper': `struct deep { ${'struct { int :32; '.repeat(70)} int a; ${'}; '.repeat(70)} } d;`,
    },
  },
  arrays: {
    local: `
struct inner { int c; int d; };
struct arrays { int a[5]; char b[2][3][4]; struct inner c[3]; struct inner d[1][2]; struct inner f[0]; } access_index;
SEC("raw_tp/p") int p(u64 *ctx)
{
	at(arrays, s);
	out[0] = off(s->a[2]); out[1] = off(s->b[1][2][3]); out[2] = off(s->c[1].c); out[3] = off(s->d[0][1].d); out[4] = off(s->f[2].c);
	out[5] = size(s->a[2]); out[6] = size(s->b); out[7] = exists(s->a[4]); out[8] = s->a[2];
	return 0;
}`,
    targets: {
      same: 'struct inner { int c; int d; }; struct arrays { int a[5]; char b[2][3][4]; struct inner c[3]; struct inner d[1][2]; struct inner f[0]; } s;',
      'other dimensions':
        'struct inner { int c; int d; }; struct arrays { int a[7]; char b[3][4][5]; struct inner c[4]; struct inner d[2][3]; struct inner f[3]; } s;',
      'other elements':
        'struct inner { long x; int c; int d; }; struct arrays { long a[5]; char b[2][3][4]; struct inner c[3]; struct inner d[1][2]; } s;',
      'flexible in the middle': 'struct inner { int c; int d; }; struct arrays { struct inner f[0]; int a[5]; } s;',
      'flexible at the end': 'struct inner { int c; int d; }; struct arrays { struct inner f[0]; int a[]; } s;',
      'too small': 'struct inner { int c; int d; }; struct arrays { int a[2]; char b[1][3][4]; struct inner c[1]; } s;',
      'too shallow': 'struct inner { int c; int d; }; struct arrays { int a[5]; char b[2][3]; } s;',
      'no array': 'struct inner { int c; int d; }; struct arrays { int a; char b; struct inner c; struct inner *d; } s;',
      'wrong elements': 'struct arrays { int *a[5]; int *b[2][3][4]; int c[3]; } s;',
    },
  },
  primitives: {
    local: `
enum colour { RED = 1, BLUE = 2 };
struct primitives { char a; int b; enum colour c; void *d; int (*f)(const char *); _Bool g; long double *h; } access_index;
SEC("raw_tp/p") int p(u64 *ctx)
{
	at(primitives, s);
	out[0] = off(s->a); out[1] = off(s->b); out[2] = off(s->c); out[3] = off(s->d); out[4] = off(s->f); out[5] = off(s->g);
	return 0;
}`,
    targets: {
      same: 'enum colour { RED = 1, BLUE = 2 }; struct primitives { char a; int b; enum colour c; void *d; int (*f)(const char *); _Bool g; } s;',
      'other enumerators':
        'enum colour { RED = 10, BLUE = 20, GREEN = 30 }; struct primitives { enum colour c; void *d; int b; int (*f)(const char *); char a; } s;',
      'enum of another name': 'enum paint { RED = 1 }; struct primitives { enum paint c; } s;',
      'enum of a flavor': 'enum colour___2 { RED = 1 }; struct primitives { int x; enum colour___2 c; } s;',
      'enum without a name': 'struct primitives { int x; enum { RED = 1 } c; } s;',
      'other prototype': 'struct primitives { void (*f)(int, int); char (*d)[4]; } s;',
      'integer instead of an enum': 'struct primitives { int c; } s;',
      'no integers': 'struct primitives { void *a; void *b; struct { int x; } c; int d; int f; } s;',
      floats: 'struct primitives { float a; double b; } s;',
    },
  },
  modifiers: {
    local: `
typedef const int *volatile pointer; typedef struct { int x; int y; } plain; typedef int many[4];
struct modifiers { int a; volatile int b; const int c; pointer d; plain e; many f; int *restrict g; } access_index;
SEC("raw_tp/p") int p(u64 *ctx)
{
	at(modifiers, s);
	out[0] = off(s->a); out[1] = off(s->b); out[2] = off(s->c); out[3] = off(s->d); out[4] = off(s->e.y); out[5] = off(s->f[3]);
	out[6] = sign(s->b); out[7] = size(s->f); out[8] = s->b;
	return 0;
}`,
    targets: {
      swapped: 'struct modifiers { const volatile int b; volatile int a; int c; void *d; struct { int y; int x; } e; int f[4]; } s;',
      typedefs:
        'typedef int i1; typedef const i1 i2; typedef volatile i2 i3; typedef struct { i3 x; i3 y; } p1; typedef p1 p2; typedef i2 m1[4]; typedef const m1 m2; typedef i3 *p3; struct modifiers { i1 a; i2 b; i3 c; p3 d; const p2 e; m2 f; } s;',
    },
  },
  'pointer as array': {
    local: `
struct element { int a; int b; } access_index;
SEC("raw_tp/p") int p(u64 *ctx) { at(element, s); out[0] = off(s[2].b); out[1] = off(s[0].b); out[2] = off(s[3]); return 0; }`,
    targets: { same: 'struct element { int a; int b; } s;', larger: 'struct element { long x; int a; int b; } s;' },
  },
  integers: {
    local: `
struct integers { u8 a; s8 b; u16 c; s16 d; u32 e; s32 f; u64 g; s64 h; _Bool i; } access_index;
SEC("raw_tp/p") int p(u64 *ctx)
{
	at(integers, s);
	out[0] = s->a; out[1] = s->b; out[2] = s->c; out[3] = s->d; out[4] = s->e; out[5] = s->f; out[6] = s->g; out[7] = s->h; out[8] = s->i;
	out[9] = sign(s->a); out[10] = sign(s->b); out[11] = size(s->e); out[12] = sign(s->i);
	return 0;
}`,
    targets: {
      same: 'struct integers { u8 a; s8 b; u16 c; s16 d; u32 e; s32 f; u64 g; s64 h; _Bool i; } s;',
      booleans: 'struct integers { _Bool a; _Bool b; _Bool c; _Bool d; _Bool e; _Bool f; _Bool g; _Bool h; _Bool i; } s;',
      'other sign': 'struct integers { s8 a; u8 b; s16 c; u16 d; s32 e; u32 f; s64 g; u64 h; char i; } s;',
      wider: 'struct integers { u64 a; u64 b; u32 c; u64 d; u64 e; u64 f; unsigned __int128 g; u64 h; u32 i; } s;',
      narrower: 'struct integers { u8 a; u8 b; u8 c; s8 d; u16 e; u16 f; u32 g; s32 h; u8 i; } s;',
    },
  },
  pointers: {
    local: `
struct thing; struct pointers { struct thing *a; void *b; int *c[2]; } access_index;
SEC("raw_tp/p") int p(u64 *ctx) { at(pointers, s); out[0] = (u64)s->a; out[1] = (u64)s->c[1]; s->b = 0; return 0; }`,
    targets: {
      other: 'struct pointers { int x; long *a; int (*b)(void); char *c[3]; } s;',
      none: 'struct pointers { int x; u64 a; u32 b; u64 c[2]; } s;',
      // libbpf concludes from the size of `long` that this kernel's pointers have four bytes.
      'of 32 bits': [
        { name: 'long', kind: 1, size: 4, words: [0x01000020] },
        { kind: 2, size: 0 },
        { kind: 3, words: [2, 1, 3] },
        { name: 'pointers', kind: 4, vlen: 4, size: 24, words: ['x', 1, 0, 'a', 2, 32, 'b', 2, 64, 'c', 3, 96] },
      ],
    },
  },
  miscellany: {
    local: `
struct misc___a { int a1; int a2; } access_index; struct misc___b { int b1; int b2; } access_index;
struct open_ended { int a; int b; int c; int d; } access_index;
SEC("raw_tp/p") int p(u64 *ctx)
{
	at(misc___a, a); at(misc___b, b); at(open_ended, e);
	out[0] = off(a->a1); out[1] = off(b->b1); out[2] = off(e[2]); out[3] = off(e[2].d); out[4] = exists(e->d);
	return 0;
}`,
    targets: {
      'a type for each flavor':
        'struct misc___a { int a1; int a2; } s; struct misc___b { int b1; int b2; } t; struct open_ended { int a; int b; int c; int d; } u;',
      'one type for both': 'struct misc { int x; int b1; int a1; } s; struct open_ended { int d; } t;',
      extended: 'struct misc { int a1; int b1; } s; struct open_ended { int x; int a; int y; int b; int z; int c; int w; int d; } t;',
    },
  },
  existence: {
    local: `
struct inside { int x; };
struct existence { int a; struct inside s; int arr[1]; int *p; int c : 3; } access_index;
struct absent { int a; } access_index;
SEC("raw_tp/p") int p(u64 *ctx)
{
	at(existence, e); at(absent, n);
	out[0] = exists(e->a); out[1] = exists(e->s); out[2] = exists(e->arr); out[3] = exists(e->p); out[4] = exists(e->s.x); out[5] = exists(e->arr[0]);
	out[6] = exists(e->c); out[7] = exists(n->a); out[8] = off(n->a); out[9] = size(n->a); out[10] = sign(n->a); out[11] = left(n->a);
	out[12] = right(n->a);
	return 0;
}`,
    targets: {
      all: 'struct inside { int x; }; struct existence { int a; struct inside s; int arr[1]; int *p; int c : 5; } e;',
      'only one': 'struct existence { int a; } e;',
      'of other kinds': 'struct existence { int *a; int s; struct { int z; } arr; int p[2]; } e;',
      'without members': 'struct existence { } e;',
    },
  },
} as const satisfies Record<string, Family>;
