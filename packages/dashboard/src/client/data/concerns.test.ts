import { expect, test } from 'vitest';
import type { InspectEvent } from '@typekro/controller/inspect';
import { isOfKind, ofDefinitions, ofInstance, ofInstances, ofLimits, ofReports } from './concerns.ts';

const selections = {
  ofInstance: ofInstance('mine'),
  ofReports: ofReports('mine'),
  ofDefinitions,
  ofInstances,
  ofLimits,
};

test.each<[InspectEvent['type'], string, readonly (keyof typeof selections)[]]>([
  ['instance-changed', 'mine', ['ofInstance', 'ofReports', 'ofDefinitions', 'ofInstances']],
  ['instance-changed', 'other', ['ofDefinitions', 'ofInstances']],
  ['object-changed', 'mine', ['ofInstance']],
  ['object-changed', 'other', []],
  ['wrote', 'mine', ['ofInstance', 'ofReports']],
  ['definition-changed', 'pots', ['ofDefinitions']],
  ['definition-removed', 'pots', ['ofDefinitions', 'ofInstances']],
  ['instance-removed', 'other', ['ofDefinitions', 'ofInstances']],
  ['failed', 'other', []],
  ['limits-changed', '', ['ofDefinitions', 'ofInstances', 'ofLimits']],
])('the event %s about %s is selected by %j', (type, subject, expected) => {
  const event: InspectEvent = { id: 1, at: 0, type, subject, message: '' };
  const found = Object.entries(selections).flatMap(([name, concerns]) => (concerns(event) ? [name] : []));
  expect(found).toEqual(expected);
});

test.each<[InspectEvent['type'], string, boolean]>([
  ['instance-changed', 'acme.dev/v1/Shop/b/web', true],
  ['instance-removed', 'acme.dev/v2/Shop/-/web', true],
  ['instance-changed', 'acme.dev/v1/Fleet/b/web', false],
  ['instance-changed', 'other.dev/v1/Shop/b/web', false],
  ['definition-changed', 'fleets', true],
  ['limits-changed', '', true],
])('the event %s about %s can concern the instances of Shop: %j', (type, subject, expected) => {
  const event: InspectEvent = { id: 1, at: 0, type, subject, message: '' };
  expect(isOfKind(event, { apiVersion: 'acme.dev/v1', kind: 'Shop' })).toBe(expected);
  expect(isOfKind(event, undefined)).toBe(true);
});
