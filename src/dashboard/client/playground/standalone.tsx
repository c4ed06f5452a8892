/** The playground as a page of its own, without a server. */
import { render } from 'preact';
import type { JSX } from 'preact';
import type { Route } from '../data/routes.ts';
import { parseRoute } from '../data/routes.ts';
import { route } from '../data/session.ts';
import { Announcer } from '../shared/announcer.tsx';
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
applyTheme();
route.value = parseRoute(location.hash);
addEventListener('hashchange', () => (route.value = parseRoute(location.hash)));
listenToShortcuts(window);
render(<Page />, place);
