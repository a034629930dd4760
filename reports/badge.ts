// Badges for a README: badge.svg, and badge.json for shields.io.
import type { Results } from '../harness/results/schema.ts';
import { kernelNames } from '../harness/results/kernel-names.ts';
import { UNEXPECTED } from '../harness/results/unexpected.ts';
import { STANDINGS } from '../harness/base/vocabulary.ts';
import { shortened, visible } from '../harness/base/visible.ts';

const LABEL = 'kernels';
const MAX_MESSAGE = 40;

/** Colours by the names that shields.io has for them. White text on each has a contrast of at least 4.5. */
const COLOURS = { green: '#2d7a3e', red: '#b02a37', yellow: '#7a5d00', lightgrey: '#5f6368' } as const;

interface Badge {
  message: string;
  color: keyof typeof COLOURS;
}

/** The state of a run in a few words: the range of kernels if every program is as expected on each of them. */
function badgeOf({ run, kernels, cells }: Results): Badge {
  if (!run.complete || run.shard || cells.length === 0) return { message: 'no complete run', color: 'lightgrey' };
  const kernelsWith = (isMeant: (status: keyof typeof STANDINGS) => boolean) =>
    new Set(
      cells
        .filter(({ programs, status }) => [status, ...programs.map((program) => program.status)].some(isMeant))
        .map(({ kernel }) => kernel),
    ).size;
  const bad = kernelsWith((status) => STANDINGS[status] === 'bad');
  if (bad > 0) return { message: `fails on ${bad} of ${kernels.length}`, color: 'red' };
  const without = kernelsWith((status) => UNEXPECTED.includes(status));
  if (without > 0) return { message: `no verdict on ${without} of ${kernels.length}`, color: 'yellow' };
  const names = [...kernelNames(kernels).values()].map((name) => shortened(visible(name), MAX_MESSAGE / 2));
  const message = names.length === 1 ? (names[0] ?? '') : `${names[0] ?? ''} to ${names.at(-1) ?? ''}`;
  return { message, color: 'green' };
}

/**
 * The text of badge.json.
 * @see https://shields.io/badges/endpoint-badge
 */
export function renderShields(results: Results): string {
  const { message, color } = badgeOf(results);
  return `${JSON.stringify({ schemaVersion: 1, label: LABEL, message, color, ...(color === 'red' && { isError: true }) })}\n`;
}

const HEIGHT = 20;
const PADDING = 6;
/** The mean width of a character of this size, in pixels. The text is stretched to it, so that it fits in any font. */
const CHARACTER = 6.6;

function xml(text: string): string {
  return visible(text).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

/** The text of badge.svg. It loads nothing. */
export function renderBadge(results: Results): string {
  const { message, color } = badgeOf(results);
  const widthOf = (text: string) => Math.round(Array.from(text).length * CHARACTER);
  const [label, value] = [widthOf(LABEL), widthOf(message)];
  const [left, right] = [label + 2 * PADDING, value + 2 * PADDING];
  const text = (shown: string, x: number, width: number) => `<text x="${x}" y="14" textLength="${width}">${xml(shown)}</text>`;
  const spoken = xml(`${LABEL}: ${message}`);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${left + right}" height="${HEIGHT}" role="img" aria-label="${spoken}">`,
    `<title>${spoken}</title>`,
    `<rect width="${left}" height="${HEIGHT}" fill="#444"/>`,
    `<rect x="${left}" width="${right}" height="${HEIGHT}" fill="${COLOURS[color]}"/>`,
    '<g fill="#fff" font-family="Verdana, DejaVu Sans, sans-serif" font-size="11">',
    text(LABEL, PADDING, label),
    text(message, left + PADDING, value),
    '</g>',
    '</svg>',
    '',
  ].join('\n');
}
