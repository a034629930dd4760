// The theme: light, dark, or that of the reader's system (the default).

/** The name of the choice in the storage of the browser. */
const KEY = 'corematrix-theme';
const THEMES = ['system', 'light', 'dark'] as const;
type Theme = (typeof THEMES)[number];

/** The choice while the page is open, for pages without storage. */
let chosen: Theme = 'system';

function stored(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    // A page in a sandbox has no storage.
    return null;
  }
}

function store(theme: Theme): void {
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // A page in a sandbox has no storage.
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

/** Makes the button in the page switch to the next theme. */
export function controlThemeButton(): void {
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
