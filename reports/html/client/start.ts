// What runs in the reader's browser begins here.
import type { ObjectData, PageData } from '../shared/page-data.ts';
import type { TypeData } from '../shared/page-data.ts';
import type { barControl } from './bar.ts';
import type { diffLines, withoutNoise } from './diff.ts';
import type { listenToKeys } from './keys.ts';
import type { linkMaps } from './maps.ts';
import type { copySnippets } from './why.ts';
import type { MatrixParts, matrixControl } from './matrix.ts';
import type { followAddress, Views } from './routes.ts';
import type { themeControl } from './theme.ts';
import type { copyButton, element, select, Tools, unpack } from './tools.ts';

export interface Parts extends MatrixParts, Views {
  element: typeof element;
  unpack: typeof unpack;
  copyButton: typeof copyButton;
  select: typeof select;
  diffLines: typeof diffLines;
  withoutNoise: typeof withoutNoise;
  themeControl: typeof themeControl;
  matrixControl: typeof matrixControl;
  barControl: typeof barControl;
  linkMaps: typeof linkMaps;
  copySnippets: typeof copySnippets;
  listenToKeys: typeof listenToKeys;
  followAddress: typeof followAddress;
}

/** Runs in the head of the page: the theme at once, the rest when the document is there. */
export function start(parts: Parts): void {
  const theme = parts.themeControl();
  const { element } = parts;

  const makeTools = (data: PageData): Tools => ({
    data,
    element,
    mark: ({ shape, word, tone }, text = word) =>
      element('span', { class: `mark ${tone}` }, element('span', { 'aria-hidden': 'true' }, shape), ` ${text}`),
    copyButton: (label, text) => parts.copyButton(element, label, text),
    select: (label, options, at, onChange) => parts.select(element, label, options, at, onChange),
    value: ({ local, target }) => {
      if (target === null) return local === null ? '' : `${local} → —`;
      return local === null || local === target ? target : `${local} → ${target}`;
    },
    outcome: ({ look, reached }) => (reached === null || reached === 'no' ? look.word : `${look.word}; reached: ${reached}`),
    line: ({ file, line, exact }) => `${file}:${line}${exact ? '' : ' (nearest line)'}`,
    anchor: ({ kernel, object }) => `c/${data.kernels[kernel]?.anchor}/${data.objects[object]?.anchor}`,
    logLines: ({ lines, texts }, text) => (texts[text] ?? []).map((line) => lines[line] ?? ''),
    diffLines: parts.diffLines,
    withoutNoise: parts.withoutNoise,
  });

  let made: Tools | null = null;
  const tools = () => {
    if (made) return made;
    // In the page itself, or left there by a file beside it.
    const embedded = document.getElementById('data')?.textContent;
    const data: PageData = embedded ? JSON.parse(embedded) : Reflect.get(globalThis, 'corematrixData');
    made = makeTools(data);
    return made;
  };
  /** Unpacks each of a list when it is first asked for. */
  const unpacker = <Value>(list: () => readonly string[]) => {
    const kept = new Map<number, Promise<Value>>();
    return async (at: number): Promise<Value> => {
      const found = kept.get(at) ?? parts.unpack(list()[at] ?? '').then((text): Value => JSON.parse(text));
      kept.set(at, found);
      return found;
    };
  };
  const objectData = unpacker<ObjectData>(() => tools().data.packed);
  const typeData = unpacker<TypeData>(() => tools().data.types);

  document.addEventListener('DOMContentLoaded', () => {
    document.body.classList.remove('no-script');
    theme.button(document.querySelector('#theme'));
    const matrix = parts.matrixControl(parts);
    const bar = parts.barControl(matrix);
    parts.linkMaps(tools);
    parts.copySnippets(tools);
    parts.listenToKeys(matrix);
    parts.followAddress(parts, { tools, objectData, typeData, bar });
  });
}
