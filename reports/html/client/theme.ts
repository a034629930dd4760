// Light, dark, or the theme of the reader's system, which is the first choice.

/** Under this name the browser keeps the choice for this page. */
const KEY = 'corematrix-theme';
const THEMES = ['system', 'light', 'dark'] as const;
type Theme = (typeof THEMES)[number];

/** Lasts as long as the page is open where the browser keeps nothing for it. */
let chosen: Theme = 'system';

function stored(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    // Pages in a sandbox have no storage.
    return null;
  }
}

function store(theme: Theme): void {
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // As above.
  }
}

function apply(theme: Theme): void {
  chosen = theme;
  if (theme === 'system') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = theme;
}

/** Applies the theme that the reader chose last. */
export function applyTheme(): void {
  const last = stored();
  apply(THEMES.find((theme) => theme === last) ?? 'system');
}

/** Makes the button in the page go from one theme to the next. */
export function takeThemeButton(): void {
  const button = document.querySelector('#theme');
  if (!button) return;
  const label = () => {
    button.textContent = `Theme: ${chosen}`;
  };
  label();
  button.addEventListener('click', () => {
    apply(THEMES[(THEMES.indexOf(chosen) + 1) % THEMES.length] ?? 'system');
    label();
    store(chosen);
  });
}
