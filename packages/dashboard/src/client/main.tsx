/** The entry point of the page. */
import { render } from 'preact';
import { App } from './app.tsx';
import { startSession } from './data/session.ts';
import { startClock } from './shared/page-clock.ts';
import { drawPrintable } from './shared/draw-printable.ts';
import { listenToDrops } from './shared/file-drop.ts';
import { listenToShortcuts } from './shared/shortcuts.ts';
import { applyTheme } from './shared/theme.ts';

const place = document.getElementById('page');
if (place === null) throw new Error('the page has no element #page');
drawPrintable();
applyTheme();
startSession();
startClock();
listenToShortcuts(window);
listenToDrops(window);
render(<App />, place);
