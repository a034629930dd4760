// Colour on a terminal.
import { styleText } from 'node:util';

/** A colour or a weight, as Node calls it. */
export type Style = Parameters<typeof styleText>[0];

export interface Colours {
  colour: boolean;
}

/** The text in this style where colours are wanted, else the text alone. */
export function paint(text: string, style: Style, { colour }: Colours): string {
  return colour ? styleText(style, text, { validateStream: false }) : text;
}
