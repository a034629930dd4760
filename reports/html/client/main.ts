// The script of the report page begins here. It runs in the head: the theme at once, the rest when the document is there.
import { takeBar } from './bar.ts';
import { listenToKeys } from './keys.ts';
import { linkMaps } from './map-links.ts';
import { takeMatrix } from './matrix.ts';
import { copySnippets } from './root-cause.ts';
import { followAddress } from './routes.ts';
import { applyTheme, takeThemeButton } from './theme.ts';

applyTheme();

document.addEventListener('DOMContentLoaded', () => {
  document.body.classList.remove('no-script');
  takeThemeButton();
  const matrix = takeMatrix();
  const bar = takeBar(matrix);
  linkMaps();
  copySnippets();
  listenToKeys(matrix);
  followAddress(bar);
});
