// Buttons that copy a text.
import { element, quietButton } from './dom.ts';

/** How long a button shows that it has copied, in ms. */
const COPIED_MS = 1500;

/** Copies without the clipboard interface, which pages over plain HTTP do not have and others may not be allowed to use. */
function copyBySelection(text: string): void {
  const area = element('textarea');
  area.value = text;
  document.body.append(area);
  area.select();
  document.execCommand('copy');
  area.remove();
}

/** A button that copies a text and then shows that it did. */
export function copyButton(label: string, text: () => string): HTMLElement {
  const button = quietButton(label);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text());
    } catch {
      copyBySelection(text());
      button.focus();
    }
    button.textContent = 'Copied';
    setTimeout(() => {
      button.textContent = label;
    }, COPIED_MS);
  };
  button.addEventListener('click', () => void copy());
  return button;
}

/** A button that copies the address of the current view. */
export function copyLinkButton(): HTMLElement {
  return copyButton('Copy link', () => location.href);
}
