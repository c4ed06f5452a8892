import type { JSX } from 'preact';
import type { RolloutState } from '@typekro/controller/inspect';
import { plural } from '../graph/picture.ts';

/** Shows the state of a canary rollout. */
export function RolloutNotice({ rollout }: { readonly rollout: RolloutState }): JSX.Element {
  const first = rollout.first.slice(0, 5).join(', ');
  const more = rollout.first.length > 5 ? ` and ${rollout.first.length - 5} more` : '';
  return (
    <div class={`notice${rollout.phase === 'held' ? ' bad' : ''}`}>
      <p>
        <strong>
          Revision {rollout.revision} {rollout.phase === 'held' ? 'is held' : 'is tried first'} on{' '}
          {rollout.first.length} of {plural(rollout.of, 'instance')}
        </strong>{' '}
        ({first}
        {more}). {rollout.message}
      </p>
    </div>
  );
}
