// Buttons that copy a text.
import { element, quietButton } from './dom.ts';

/** For so long a button says that it has copied. */
const THANKS_MS = 1500;

/** Copies as pages without a clipboard do: those over plain HTTP have none, and others may be denied it. */
function copyBySelection(text: string): void {
  const area = element('textarea');
  area.value = text;
  document.body.append(area);
  area.select();
  document.execCommand('copy');
  area.remove();
}

/** A button that copies a text, and says so. */
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
    }, THANKS_MS);
  };
  button.addEventListener('click', () => void copy());
  return button;
}

/** A button that copies the address of what is shown. */
export function copyLinkButton(): HTMLElement {
  return copyButton('Copy link', () => location.href);
}
