// The names by which things in the report are linked.

/** A foreign name as part of a fragment: letters, digits and a few signs; everything else by its code. */
function part(name: string): string {
  return name.replaceAll(/[^\w.+-]/g, (character) => `~${(character.codePointAt(0) ?? 0).toString(16)}~`);
}

/** The id of an object on a kernel. */
export function cellAnchor(kernel: string, object: string): string {
  return `c/${part(kernel)}/${part(object)}`;
}

/** The id of an object's relocations across kernels. */
export function relocationsAnchor(object: string): string {
  return `r/${part(object)}`;
}
