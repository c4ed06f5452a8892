import type { JSX } from 'preact';
import { objectName } from '@typekro/kit/core';
import { type InstanceEvent, type InstanceEvents, inspectPaths } from '@typekro/controller/inspect';
import { REPEAT_MS } from '../data/remote.ts';
import { ofReports } from '../data/concerns.ts';
import { useRemote } from '../data/use-remote.ts';
import { ageOf } from '../shared/page-clock.ts';
import { StateIcon } from '../shared/icons.tsx';
import { Empty, Notices, ReadNotice } from '../shared/parts.tsx';

/** The events about the objects of a node. Without a node: about the instance itself, and about all its objects. */
export function EventsPanel({ instance, node }: { readonly instance: string; readonly node?: string }): JSX.Element {
  const path = inspectPaths.instanceEvents(instance, node);
  const read = useRemote<InstanceEvents>(path, ofReports(instance), { repeatMs: REPEAT_MS });
  const { value } = read;
  if (value === undefined) return <ReadNotice read={read} what="the events" />;
  return (
    <>
      <ReadNotice read={read} what="the events" />
      <Notices texts={value.unread} />
      {value.items.length === 0 ? <Empty title="There are no events. By default, they are kept for an hour." /> : null}
      <ul class="rows events">
        {value.items.map((event) => (
          <li key={`${event.time} ${event.reason} ${objectName(event.object)} ${event.message}`}>
            <p>
              <StateIcon tone={event.type === 'Warning' ? 'failed' : 'ready'} />
              <strong>{event.reason}</strong>
              <span class="soft">
                {ageOf(event.time)} ago{timesText(event)}
              </span>
            </p>
            <p>{event.message}</p>
            <p class="soft">
              {objectName(event.object)} · {event.source}
            </p>
          </li>
        ))}
      </ul>
      {value.omitted === undefined ? null : (
        <p class="soft">{value.omitted.toLocaleString('en')} earlier events are not listed.</p>
      )}
    </>
  );
}

/** The text for repetitions of an event, such as `, 4 times in 12m`. Empty if the event occurred once. */
export function timesText({ count, first }: Pick<InstanceEvent, 'count' | 'first'>): string {
  if (count < 2) return '';
  return `, ${count} times${first === undefined ? '' : ` in ${ageOf(first)}`}`;
}
