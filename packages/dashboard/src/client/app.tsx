import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { printable } from '@typekro/kit/core';
import { connection } from './data/connection-state.ts';
import type { Route } from './data/routes.ts';
import { meta, navigate, route } from './data/session.ts';
import { ConnectionBanner, ConnectionSign, Limits } from './shared/connection-sign.tsx';
import { Help, isHelpOpen } from './shared/help.tsx';
import { Icon } from './shared/icons.tsx';
import { Link, AddressProblems, Announcer } from './shared/parts.tsx';
import { useShortcuts } from './shared/shortcuts.ts';
import { nextTheme, theme } from './shared/theme.ts';
import { LazyPlan, LazyPlayground } from './views/lazy-views.tsx';
import { DefinitionView } from './views/definition-view.tsx';
import { DefinitionsView } from './views/definitions-view.tsx';
import { InstanceView } from './views/instance-view.tsx';
import { InstancesView } from './views/instances-view.tsx';

const PLACES: readonly { readonly label: string; readonly to: Route; readonly views: readonly Route['view'][] }[] = [
  { label: 'Instances', to: { view: 'instances' }, views: ['instances', 'instance'] },
  { label: 'Definitions', to: { view: 'definitions' }, views: ['definitions', 'definition'] },
  { label: 'Plan', to: { view: 'plan' }, views: ['plan'] },
  { label: 'Playground', to: { view: 'playground' }, views: ['playground'] },
];

/** The whole page. */
export function App(): JSX.Element {
  const current = route.value;
  const subject = subjectOf(current);
  // The playground needs no cluster, so a notice about refused access is shown below the playground.
  const isAside = current.view === 'playground' && connection.value.is === 'refused';
  useEffect(() => {
    document.title = `${printable(subject)} · TypeKro`;
    // The focused element belonged to the previous view and is gone.
    if (document.activeElement === document.body) document.getElementById('main')?.focus();
  }, [subject]);
  useShortcuts('Everywhere', 'page', [
    { keys: '?', description: 'Show these keys', run: () => (isHelpOpen.value = true) },
    { keys: 'g i', description: 'Go to the instances', run: () => navigate({ view: 'instances' }) },
    { keys: 'g d', description: 'Go to the definitions', run: () => navigate({ view: 'definitions' }) },
    { keys: 'g p', description: 'Go to the plan', run: () => navigate({ view: 'plan' }) },
    { keys: 'g t', description: 'Go to the playground', run: () => navigate({ view: 'playground' }) },
    { keys: 'D', description: 'Switch between system, light and dark colours', run: nextTheme },
  ]);
  return (
    <>
      <a
        class="skip"
        href="#main"
        onClick={(event) => {
          event.preventDefault();
          document.getElementById('main')?.focus();
        }}
      >
        Skip to the content
      </a>
      <header class="bar">
        <Link to={{ view: 'instances' }} class="brand">
          <Logo />
          <span>TypeKro</span>
        </Link>
        <nav aria-label="Views">
          {PLACES.map(({ label, to, views }) => (
            <Link key={label} to={to} class="place" current={views.includes(current.view)}>
              {label}
            </Link>
          ))}
        </nav>
        <div class="bar-end">
          <span class="cluster" title="The cluster">
            {meta.value?.cluster.name}
            <User />
          </span>
          <ConnectionSign />
          <button
            type="button"
            class="button quiet"
            aria-label={`Colours: ${theme.value}`}
            title="Colours"
            onClick={nextTheme}
          >
            <Icon name="theme" />
          </button>
          <button
            type="button"
            class="button quiet"
            aria-label="Keys"
            title="Keys (?)"
            onClick={() => (isHelpOpen.value = true)}
          >
            <Icon name="help" />
          </button>
        </div>
      </header>
      {isAside ? null : <ConnectionBanner />}
      {connection.value.is === 'live' ? <Limits /> : null}
      <AddressProblems />
      <main id="main" tabIndex={-1}>
        {connection.value.is === 'refused' && !isAside ? null : <View current={current} />}
      </main>
      {isAside ? <ConnectionBanner /> : null}
      <Help />
      <Announcer />
    </>
  );
}

/** The user whose rights limit the page. Draws nothing when these are the rights of the kubeconfig. */
export function User(): JSX.Element | null {
  const user = meta.value?.user;
  return user === undefined ? null : (
    <span class="user" title={`The page shows what ${user} may read`}>
      {' '}
      as {user}
    </span>
  );
}

/** What a view shows, for the title of the page. */
function subjectOf(current: Route): string {
  if (current.view === 'instance') return current.ref.split('/').slice(-2).join('/');
  return current.view === 'definition'
    ? current.name
    : `${current.view.charAt(0).toUpperCase()}${current.view.slice(1)}`;
}

function View({ current }: { readonly current: Route }): JSX.Element | null {
  switch (current.view) {
    case 'instances':
      return <InstancesView route={current} />;
    case 'instance':
      return <InstanceView key={current.ref} route={current} />;
    case 'definitions':
      return <DefinitionsView />;
    case 'definition':
      return <DefinitionView key={current.name} route={current} />;
    case 'plan':
      return <LazyPlan />;
    case 'playground':
      return <LazyPlayground route={current} />;
  }
}

function Logo(): JSX.Element {
  return (
    <svg class="logo" viewBox="0 0 24 24" width="22" height="22" aria-hidden="true">
      <path d="M6.5 6.5L17 4.8M6.5 6.5l3.6 11.2M6.9 6.8l10.6 6.5M17.2 5.2l.6 7.6M10.6 17.8l6.6-4" />
      <circle cx="6" cy="6" r="2.6" />
      <circle cx="17.5" cy="4.8" r="2.1" />
      <circle cx="18" cy="13.6" r="2.6" />
      <circle cx="10" cy="18.6" r="2.1" />
    </svg>
  );
}
