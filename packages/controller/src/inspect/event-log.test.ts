import { expect, test } from 'vitest';
import { EventLog } from './event-log.ts';
import type { InspectEvent } from './reports.ts';

const event = (type: InspectEvent['type'], subject: string): Omit<InspectEvent, 'id'> => ({
  at: 0,
  type,
  subject,
  message: '',
});
const ids = (log: EventLog, after: number): number[] => log.after(after).events.map(({ id }) => id);

test('a full log reports whether it still has all events after an id', () => {
  const log = new EventLog();
  for (let index = 0; index < 1002; index += 1) log.add(event('instance-changed', `s${index}`));
  expect([log.after(1).complete, log.after(2).complete, log.after(1003).complete]).toEqual([false, true, false]);
  expect(ids(log, 1000)).toEqual([1001, 1002]);
  expect(ids(log, 2)).toHaveLength(1000);
});

test('all changes of the objects of an instance together use the space of one event', () => {
  const log = new EventLog();
  log.add(event('instance-changed', 'a'));
  log.add(event('object-changed', 'b'));
  for (let index = 0; index < 5000; index += 1) log.add(event('object-changed', 'a'));
  expect([log.lastId, ids(log, 0)]).toEqual([5002, [1, 2, 5002]]);
  // A client whose last id is between two of the changes gets only the event of the last change.
  expect([ids(log, 2000), log.after(2000).complete]).toEqual([[5002], true]);
});

test('only events of the type object-changed replace earlier events, and each listener gets every event', () => {
  const log = new EventLog();
  const heard: number[] = [];
  log.subscribe(({ id }) => heard.push(id));
  log.add(event('wrote', 'a'));
  log.add(event('wrote', 'a'));
  log.add(event('object-changed', 'a'));
  log.add(event('object-changed', 'a'));
  expect([ids(log, 0), heard]).toEqual([
    [1, 2, 4],
    [1, 2, 3, 4],
  ]);
});
