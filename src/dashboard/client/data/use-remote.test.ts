import { expect, test } from 'vitest';
import type { InspectEvent } from '../../../inspect/index.ts';
import { ofDefinitions, ofInstance, ofInstances, ofReports } from './use-remote.ts';

const selections = { ofInstance: ofInstance('mine'), ofReports: ofReports('mine'), ofDefinitions, ofInstances };

test.each<[InspectEvent['type'], string, readonly (keyof typeof selections)[]]>([
  ['instance-changed', 'mine', ['ofInstance', 'ofReports', 'ofDefinitions', 'ofInstances']],
  ['instance-changed', 'other', ['ofDefinitions', 'ofInstances']],
  ['object-changed', 'mine', ['ofInstance']],
  ['object-changed', 'other', []],
  ['wrote', 'mine', ['ofInstance', 'ofReports']],
  ['definition-changed', 'pots', ['ofDefinitions']],
])('%s of %s concerns %j', (type, subject, expected) => {
  const event: InspectEvent = { id: 1, at: 0, type, subject, message: '' };
  const found = Object.entries(selections).flatMap(([name, concerns]) => (concerns(event) ? [name] : []));
  expect(found).toEqual(expected);
});
