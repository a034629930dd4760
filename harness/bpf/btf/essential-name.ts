// The name of a type without its flavor.
/**
 * A type name without its flavor: cut at the last `___` that has something other than an underscore on both sides.
 * @see bpf_core_essential_name_len() in libbpf's relo_core.c
 */
export function essentialName(name: string): string {
  for (let at = name.length - 5; at >= 0; at--) {
    if (name[at] !== '_' && name.startsWith('___', at + 1) && name[at + 4] !== '_') return name.slice(0, at + 1);
  }
  return name;
}
