import type { JSX } from 'preact';
import type { Route } from '../data/routes.ts';
import { LazyView } from '../shared/lazy-view.tsx';

type PlaygroundRoute = Extract<Route, { view: 'playground' }>;

const load = () => import('./playground-view.tsx').then(({ PlaygroundView }) => PlaygroundView);

/** The playground. Its editor is loaded when it is shown for the first time. */
export function LazyPlayground({ route }: { readonly route: PlaygroundRoute }): JSX.Element {
  return <LazyView load={load} what="the playground" props={{ route }} />;
}
