/** The playground as a separate page, without a server. */
import { type JSX, render } from 'preact';
import type { Route } from '../data/routes.ts';
import { followAddress, route } from '../data/session.ts';
import { AddressProblems, Announcer } from '../shared/parts.tsx';
import { drawPrintable } from '../shared/draw-printable.ts';
import { listenToDrops } from '../shared/file-drop.ts';
import { Help } from '../shared/help.tsx';
import { listenToShortcuts } from '../shared/shortcuts.ts';
import { applyTheme } from '../shared/theme.ts';
import { PlaygroundView } from './playground-view.tsx';

function Page(): JSX.Element {
  const current = route.value;
  const shown: Extract<Route, { view: 'playground' }> =
    current.view === 'playground' ? current : { view: 'playground' };
  return (
    <>
      <AddressProblems />
      <main id="main" tabIndex={-1}>
        <PlaygroundView route={shown} />
      </main>
      <Help />
      <Announcer />
    </>
  );
}

const place = document.getElementById('page');
if (place === null) throw new Error('the page has no element #page');
drawPrintable();
applyTheme();
followAddress();
addEventListener('hashchange', followAddress);
listenToShortcuts(window);
listenToDrops(window);
render(<Page />, place);
