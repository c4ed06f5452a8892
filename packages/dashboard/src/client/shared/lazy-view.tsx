import type { ComponentType, JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { mayBeStranger, whenOwnServer } from '../data/connection-state.ts';
import { Loading } from './parts.tsx';

/** Maps a `load` function to its view, if the script of the view is already loaded. */
const views = new Map<unknown, unknown>();

/** Makes a component whose script is loaded when the component is drawn first. `what` names it within a sentence. */
export const lazy =
  <Props extends object>(what: string, load: () => Promise<ComponentType<Props>>) =>
  (props: Props): JSX.Element => <LazyView load={load} what={what} props={props} />;

/**
 * A view whose script is loaded when it is shown for the first time. While another program may listen on the port of
 * the server, the view waits, because the script could come from that program. `load` must be the same function in each
 * call.
 */
function LazyView<Props extends object>({
  load,
  what,
  props,
}: {
  readonly load: () => Promise<ComponentType<Props>>;
  readonly what: string;
  readonly props: Props;
}): JSX.Element {
  const [isFailed, setFailed] = useState(false);
  const [, setLoaded] = useState(false);
  const View = views.get(load) as ComponentType<Props> | undefined;
  useEffect(
    () =>
      whenOwnServer(
        () =>
          void load().then(
            (loaded) => {
              views.set(load, loaded);
              setLoaded(true);
            },
            () => setFailed(true),
          ),
      ),
    [load],
  );
  if (View !== undefined) return <View {...props} />;
  if (!isFailed && !mayBeStranger()) return <Loading what={what} />;
  return (
    <p class="notice" role="alert">
      {isFailed ? `The page cannot load ${what}. Reload it` : `The page loads ${what}`} when the server responds again.
    </p>
  );
}
