// Colour on a terminal.
import { styleText } from 'node:util';

/** A colour or a weight, by Node's name. */
export type Style = Parameters<typeof styleText>[0];

export interface Colours {
  colour: boolean;
}

/** The text in this style if colours are wanted, else the plain text. */
export function paint(text: string, style: Style, { colour }: Colours): string {
  return colour ? styleText(style, text, { validateStream: false }) : text;
}
