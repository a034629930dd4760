// Light, dark, or what the reader's system says, which is where everybody begins.

interface ThemeControl {
  /** Makes a button go from one theme to the next. */
  button: (button: HTMLElement | null) => void;
}

/** Applies the theme the reader chose last, where the browser keeps such things for this page; else it lasts as long as the page is open. */
export function themeControl(): ThemeControl {
  const key = 'corematrix-theme';
  const names = ['system', 'light', 'dark'];
  let chosen = 'system';
  try {
    chosen = localStorage.getItem(key) ?? 'system';
  } catch {
    // Pages in a sandbox have no storage.
  }
  const apply = () => {
    if (chosen === 'light' || chosen === 'dark') document.documentElement.dataset['theme'] = chosen;
    else delete document.documentElement.dataset['theme'];
  };
  apply();
  const button: ThemeControl['button'] = (element) => {
    if (!element) return;
    const label = () => {
      element.textContent = `Theme: ${names.includes(chosen) ? chosen : 'system'}`;
    };
    label();
    element.addEventListener('click', () => {
      chosen = names[(names.indexOf(chosen) + 1) % names.length] ?? 'system';
      apply();
      label();
      try {
        localStorage.setItem(key, chosen);
      } catch {
        // As above.
      }
    });
  };
  return { button };
}
