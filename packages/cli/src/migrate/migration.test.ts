import { expect, test } from 'vitest';
import type { ObjectRef } from '@typekro/kit/core';
import { lostInDirectMode, notesOf } from './migration.ts';

const child: ObjectRef = { apiVersion: 'v1', kind: 'ConfigMap', name: 'a', namespace: 'default' };

test.each([
  ['with the definition of the controller', [], /, and changes no other field$/],
  [
    'with another definition',
    ['spec.resources[0]'],
    / in spec\.resources\[0\]; .* also changes the fields that depend on this difference$/,
  ],
  [
    'when the definition of the controller is unknown',
    undefined,
    /is not in the cluster, so the next deploy of .* may change other fields, too$/,
  ],
])(
  'a migration to direct mode %s has a first note about labels, and a last note about other changed fields',
  (_what, changed, last) => {
    const notes = notesOf('direct', [child], changed);
    expect(notes.at(-1)).toMatch(last);
    expect(notes[0]).toContain('kro.run/instance-id');
    expect(notesOf('direct', [], changed)).toEqual([]);
  },
);

test.each([
  [undefined, []],
  ['3', ['its pin to revision 3 ends: direct mode uses the definition of the file']],
  ['newest', ['its pin to revision newest ends: direct mode uses the definition of the file']],
])('for an instance with the pin %j, a migration to direct mode reports the losses %j', (pin, lost) => {
  const annotations = pin === undefined ? {} : { 'typekro.dev/revision': pin };
  expect(lostInDirectMode({ apiVersion: 'v1', kind: 'App', metadata: { name: 'a', annotations } })).toEqual(lost);
});
