// What the parts of the page's script share. Only the text of such functions gets into the page: each must need nothing from outside itself.
import type { SourceLine } from '../../../harness/bpf/object/places.ts';
import type { ObjectData, OutcomeData, PageData } from '../shared/page-data.ts';
import type { diffLines, withoutNoise } from './diff.ts';
import type { Look } from '../shared/looks.ts';

type Child = Node | string | null | undefined | false | readonly Child[];

/** Makes an element; null and false among what is in it are left out. */
export function element(tag: string, attributes: Readonly<Record<string, string>> = {}, ...children: Child[]): HTMLElement {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  const put = (child: Child): void => {
    if (Array.isArray(child)) child.forEach(put);
    else if (typeof child === 'string' || child instanceof Node) made.append(child);
  };
  put(children);
  return made;
}

/** Base64 of a gzip file as text. */
export async function unpack(packed: string): Promise<string> {
  const bytes = Uint8Array.from(atob(packed), (character) => character.charCodeAt(0));
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'))).text();
}

/** A button that copies a text, and says so. */
export function copyButton(make: typeof element, label: string, text: () => string): HTMLElement {
  const button = make('button', { type: 'button', class: 'quiet-button' }, label);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text());
    } catch {
      // Pages over plain http have no clipboard of their own, and others may be denied it.
      const area = document.createElement('textarea');
      area.value = text();
      document.body.append(area);
      area.select();
      document.execCommand('copy');
      area.remove();
      button.focus();
    }
    button.textContent = 'Copied';
    setTimeout(() => {
      button.textContent = label;
    }, 1500);
  };
  button.addEventListener('click', () => void copy());
  return button;
}

/** A choice with a label; what is chosen is told by its position. */
export function select(
  make: typeof element,
  label: string,
  options: readonly string[],
  at: number,
  onChange: (position: number) => void,
): HTMLElement {
  const box = make(
    'select',
    {},
    options.map((name, index) => make('option', index === at ? { selected: '' } : {}, name)),
  );
  box.addEventListener('change', () => onChange(box instanceof HTMLSelectElement ? box.selectedIndex : at));
  return make('label', {}, `${label} `, box);
}

/** A place in the page: a kernel and an object by their positions. */
export interface Place {
  kernel: number;
  object: number;
}

export interface Tools {
  data: PageData;
  element: typeof element;
  /** A shape and a word in the colour of a status or outcome. */
  mark: (look: Look, word?: string) => HTMLElement;
  copyButton: (label: string, text: () => string) => HTMLElement;
  select: (label: string, options: readonly string[], at: number, onChange: (position: number) => void) => HTMLElement;
  /** The value of a relocation: `96`, or `80 → 96` where it is not what was compiled. */
  value: (outcome: OutcomeData) => string;
  /** What became of a relocation, in words: `poisoned; reached: yes`. */
  outcome: (outcome: Pick<OutcomeData, 'look' | 'reached'>) => string;
  /** Where a line of C stands: `prog.bpf.c:25`, and whether it is only the nearest. */
  line: (source: SourceLine) => string;
  anchor: (place: Place) => string;
  logLines: (data: ObjectData, text: number) => string[];
  diffLines: typeof diffLines;
  withoutNoise: typeof withoutNoise;
}
