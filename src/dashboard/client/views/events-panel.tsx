import type { JSX } from 'preact';
import { objectName } from '../../../core/index.ts';
import type { InstanceEvents } from '../../../inspect/index.ts';
import { inspectPaths } from '../../../inspect/index.ts';
import { REPEAT_MS } from '../data/remote.ts';
import { ofReports, useRemote } from '../data/use-remote.ts';
import { ageOf } from '../shared/clock.ts';
import { StateIcon } from '../shared/icons.tsx';
import { Empty, Loading, Problem } from '../shared/parts.tsx';

/** The events about the objects of a node. */
export function EventsPanel({ instance, node }: { readonly instance: string; readonly node: string }): JSX.Element {
  const path = inspectPaths.instanceEvents(instance, node);
  const { value, error } = useRemote<InstanceEvents>(path, ofReports(instance), { repeatMs: REPEAT_MS });
  if (value === undefined) {
    return error === undefined || error.status === 0 ? (
      <Loading what="the events" />
    ) : (
      <Problem error={error} what="The events" />
    );
  }
  return (
    <>
      {value.unread.map((text) => (
        <p key={text} class="notice">
          {text}
        </p>
      ))}
      {value.items.length === 0 ? <Empty title="There are no events. Kubernetes keeps them for an hour." /> : null}
      <ul class="rows events">
        {value.items.map((event) => (
          <li key={`${event.time} ${event.reason} ${objectName(event.object)} ${event.message}`}>
            <p>
              <StateIcon tone={event.type === 'Warning' ? 'failed' : 'ready'} />
              <strong>{event.reason}</strong>
              <span class="soft">
                {ageOf(event.time)} ago{event.count > 1 ? `, ${event.count} times` : ''}
              </span>
            </p>
            <p>{event.message}</p>
            <p class="soft">
              {objectName(event.object)} · {event.source}
            </p>
          </li>
        ))}
      </ul>
    </>
  );
}
