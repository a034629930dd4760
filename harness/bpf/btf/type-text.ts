// Types as C writes them: `struct list_head *`, `char[16]`, `int (*)(struct inode *, int)`.
import { type Btf, kindOf, nameOf, vlenOf } from './btf.ts';
import { arrayOf, parameterOf, referencedType } from './types.ts';

const MAX_DEPTH = 64;
const MAX_PARAMETERS = 32;
const TAGS = { struct: 'struct', union: 'union', enum: 'enum', enum64: 'enum' } as const;

function base(btf: Btf, id: number): string {
  const [kind, name] = [kindOf(btf, id), nameOf(btf, id)];
  if (kind === 'void') return 'void';
  // The flag marks a forward declaration of a union. Both kinds are written as `struct`, because a reader needs only the name.
  if (kind === 'fwd') return `struct ${name}`;
  const tag = kind === 'struct' || kind === 'union' || kind === 'enum' || kind === 'enum64' ? TAGS[kind] : null;
  if (tag === null) return name === '' ? kind : name;
  return name === '' ? `${tag} {...}` : `${tag} ${name}`;
}

function parameters(btf: Btf, id: number, depth: number): string {
  const count = vlenOf(btf, id);
  const shown = Array.from({ length: Math.min(count, MAX_PARAMETERS) }, (_, index) => {
    const parameter = parameterOf(btf, id, index);
    const varies = index === count - 1 && parameter?.type === 0;
    return varies ? '...' : declare(btf, parameter?.type ?? 0, '', depth + 1);
  });
  return shown.length === 0 ? 'void' : [...shown, ...(count > MAX_PARAMETERS ? ['...'] : [])].join(', ');
}

/** A declaration, built from the inside out as in C. */
function declare(btf: Btf, id: number, declarator: string, depth: number): string {
  if (depth > MAX_DEPTH) return '...';
  const kind = kindOf(btf, id);
  const inner = referencedType(btf, id);
  const grouped = declarator.startsWith('*') ? `(${declarator})` : declarator;
  const array = arrayOf(btf, id);
  if (array) return declare(btf, array.element, `${grouped}[${array.length}]`, depth + 1);
  if (kind === 'ptr') return declare(btf, inner, `*${declarator}`, depth + 1);
  if (kind === 'type_tag') return declare(btf, inner, declarator, depth + 1);
  if (kind === 'func_proto') return declare(btf, inner, `${grouped}(${parameters(btf, id, depth)})`, depth + 1);
  if (kind === 'const' || kind === 'volatile' || kind === 'restrict') {
    return kindOf(btf, inner) === 'ptr'
      ? declare(btf, inner, `${kind} ${declarator}`.trimEnd(), depth + 1)
      : `${kind} ${declare(btf, inner, declarator, depth + 1)}`;
  }
  if (kind === 'func' || kind === 'var') return declare(btf, inner, declarator, depth + 1);
  return `${base(btf, id)}${declarator === '' || declarator.startsWith('[') ? '' : ' '}${declarator}`;
}

/** The type on one line, without a declared name. Types that form a circle end in `...`. */
export function typeText(btf: Btf, id: number): string {
  return declare(btf, id, '', 0);
}
