import { expect, test } from 'vitest';
import { TYPEKRO_FEATURES } from '@typekro/engine/graph';
import type { InspectEvent } from '../inspect/index.ts';
import { CurrentController } from './current-controller.ts';
import type { Controller } from './controller-options.ts';
import { requireKnownControllerOptions } from './known-options.ts';

/**
 * The members of a controller that `CurrentController` uses, and a function that sends an event to the controller's
 * listeners.
 */
function working(name: string) {
  const listeners = new Set<(event: InspectEvent) => void>();
  const controller = {
    ready: true,
    metricsText: () => `${name} 1\n`,
    reports: {
      subscribe: (listener: (event: InspectEvent) => void) => {
        listeners.add(listener);
        return () => void listeners.delete(listener);
      },
    },
  } as unknown as Controller;
  const emit = (message: string) => {
    for (const listener of listeners) listener({ id: 1, at: 0, type: 'wrote', subject: name, message });
  };
  return { controller, emit, listeners };
}

test('a listener gets the events of each controller of the process in turn', () => {
  const current = new CurrentController();
  const received: string[] = [];
  const end = current.subscribe(({ subject, message }) => received.push(`${subject} ${message}`));
  const [one, two] = [working('one'), working('two')];
  current.controller = one.controller;
  one.emit('first');
  current.controller = undefined;
  one.emit('without listeners');
  current.controller = two.controller;
  two.emit('second');
  end();
  two.emit('no more');
  expect(received).toEqual(['one first', 'two second']);
  expect([one.listeners.size, two.listeners.size]).toEqual([0, 0]);
});

test('a process without a controller has metrics of the election and the process, and is ready on standby', () => {
  const current = new CurrentController();
  expect(current.metricsText()).not.toContain('leader_election_master_status{');
  current.leads = false;
  expect(current.metricsText()).toContain('leader_election_master_status{name="controller.kro.run"} 0\n');
  expect(current.metricsText()).toMatch(/^process_resident_memory_bytes [1-9]\d*$/m);
  expect(current.metricsText()).toMatch(/^process_cpu_seconds_total \d/m);
  expect([current.ready, current.waitsFor]).toEqual([false, 'the controller has not started']);
  current.standby = () => true;
  expect(current.ready).toBe(true);
  current.controller = { ready: false, waitsFor: 'boats cannot be read' } as Controller;
  expect([current.ready, current.waitsFor]).toEqual([false, 'boats cannot be read']);
  current.controller = working('one').controller;
  current.leads = true;
  expect(current.metricsText()).toMatch(/^one 1\n[^]*leader_election_master_status{name="controller.kro.run"} 1$/m);
});

test.each([
  [{ maxGraphRevision: 3 }, 'a controller has no option "maxGraphRevision"', 'did you mean "maxGraphRevisions"?'],
  [{ features: { ommit: true } }, 'features has no option "ommit"', 'did you mean "omit"?'],
  [{ constructor: 1 }, 'a controller has no option "constructor"', expect.stringContaining('the options are client,')],
])('%j is refused', (options, message, remedy: unknown) => {
  const check = () => requireKnownControllerOptions({ client: {}, ...options } as never);
  expect(check).toThrow(expect.objectContaining({ code: 'controller/unknown-option', message, remedy }));
});

test('known options and features are accepted', () => {
  const options = { client: {}, instanceConcurrency: 4, features: { ...TYPEKRO_FEATURES, omit: true } } as never;
  expect(() => requireKnownControllerOptions(options)).not.toThrow();
});
