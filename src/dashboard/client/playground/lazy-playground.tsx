import type { ComponentType, JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { Route } from '../data/routes.ts';
import { Loading } from '../shared/parts.tsx';

type PlaygroundRoute = Extract<Route, { view: 'playground' }>;
type View = ComponentType<{ readonly route: PlaygroundRoute }>;

/** The playground. Its editor is loaded when it is shown for the first time. */
export function LazyPlayground({ route }: { readonly route: PlaygroundRoute }): JSX.Element {
  const [loaded, setLoaded] = useState<{ readonly View: View } | 'failed' | undefined>(undefined);
  useEffect(() => {
    void import('./playground-view.tsx').then(
      ({ PlaygroundView }) => setLoaded({ View: PlaygroundView }),
      () => setLoaded('failed'),
    );
  }, []);
  if (loaded === undefined) return <Loading what="the playground" />;
  if (loaded === 'failed') {
    return (
      <p class="notice bad" role="alert">
        The playground cannot be loaded. Reload the page when the server answers again.
      </p>
    );
  }
  return <loaded.View route={route} />;
}
