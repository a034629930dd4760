// The entry of the report page's script. It runs in the head: it sets the theme at once and starts the rest when the document is loaded.
import { controlBar } from './bar.ts';
import { listenToKeys } from './keys.ts';
import { linkMaps } from './map-links.ts';
import { controlMatrix } from './matrix.ts';
import { copySnippets } from './root-cause.ts';
import { followAddress } from './routes.ts';
import { applyTheme, controlThemeButton } from './theme.ts';

applyTheme();

document.addEventListener('DOMContentLoaded', () => {
  document.body.classList.remove('no-script');
  controlThemeButton();
  const matrix = controlMatrix();
  const bar = controlBar(matrix);
  linkMaps();
  copySnippets();
  listenToKeys(matrix);
  followAddress(bar);
});
