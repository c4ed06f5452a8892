import { describe, expect, test } from 'vitest';
import type { InstanceLocation, StoredOutput, StoredProps } from './kro-resource-props.ts';
import { deletions, leftBehind, moveOf, sameLocation } from './places.ts';

const place = (name: string, changes: Partial<InstanceLocation> = {}): InstanceLocation => ({
  mode: 'direct',
  definition: 'notes',
  apiVersion: 'kro.run/v1alpha1',
  kind: 'Notes',
  namespace: 'default',
  name,
  ...changes,
});
const [a, b, c] = [place('a'), place('b'), place('c')];
const output = (at: InstanceLocation, deploy = '1'): Partial<StoredOutput> => ({ place: at, deploy });
const props = (at: InstanceLocation): Partial<StoredProps> => ({ place: at });

test.each<[string, Partial<InstanceLocation>, boolean]>([
  ['mode', { mode: 'kro' }, true],
  ['version', { apiVersion: 'kro.run/v1' }, true],
  ['group', { apiVersion: 'example.com/v1alpha1' }, false],
  ['kind', { kind: 'Remarks' }, false],
  ['definition', { definition: 'remarks' }, false],
  ['namespace', { namespace: 'other' }, false],
  ['name', { name: 'b' }, false],
])('a location with another %s (%j) is the same location: %s', (_, changes, same) => {
  expect(sameLocation(a, place('a', changes))).toBe(same);
});

describe('the leftover of a failed attempt', () => {
  test.each([
    ['does not exist before the first attempt', {}, b, undefined],
    ['does not exist when the same location is declared again', { props: props(b) }, b, undefined],
    ['is the attempted location when another location is declared', { props: props(b) }, c, b],
    ['does not exist when the attempted location is deployed', { output: output(a), props: props(a) }, b, undefined],
    [
      'is the location of a failed replacement when the first location is declared again',
      { output: output(a), props: props(b) },
      a,
      b,
    ],
    [
      'is the location of a failed replacement when a third location is declared',
      { output: output(a), props: props(b) },
      c,
      b,
    ],
  ])('%s', (_, last, wanted, left) => {
    expect(leftBehind(last, wanted)).toBe(left);
  });
});

describe('an update', () => {
  test.each([
    ['keeps the resource when it has no output', undefined, a, 'stay'],
    ['keeps the resource when the location is the same', output(a), a, 'stay'],
    ['keeps the resource when only the mode changes', output(a), place('a', { mode: 'kro' }), 'stay'],
    ['replaces the resource when the name changes', output(a), b, 'replace'],
    [
      'replaces the resource when the definition and the kind change',
      output(a),
      place('a', { definition: 'x', kind: 'X' }),
      'replace',
    ],
    [
      'deletes the resource before it creates the new one when the kind changes',
      output(a),
      place('a', { kind: 'Remarks' }),
      'replace-first',
    ],
    [
      'deletes the resource before it creates the new one when the kind and the name change',
      output(a),
      place('b', { kind: 'Remarks' }),
      'replace-first',
    ],
  ] as const)('%s', (_, last, wanted, move) => {
    expect(moveOf(last, wanted)).toBe(move);
  });
});

describe('a deletion removes', () => {
  const kro = place('a', { mode: 'kro' });
  test.each([
    ['nothing when no deploy was attempted', {}, {}, []],
    ['the deployed location', { output: output(a), props: props(a) }, output(a), [a]],
    ['the attempted location when nothing is deployed', { output: {}, props: props(a) }, {}, [a]],
    ['the attempted location and the deployed location', { output: output(a), props: props(b) }, output(a), [b, a]],
    ['both modes after a failed change of the mode', { output: output(a), props: props(kro) }, output(a), [kro, a]],
    ['the replaced location', { output: output(a), props: props(a) }, output(b, '2'), [a]],
    ['only the replaced location, not a later attempt', { output: output(a), props: props(b) }, output(b, '2'), [a]],
    [
      'nothing when the replaced location is deployed again',
      { output: output(a), props: props(b) },
      output(a, '2'),
      [],
    ],
    ['the deployed location when the state is lost', { output: output(a), props: props(a) }, undefined, [a]],
  ])('%s', (_, requested, current, removed) => {
    expect(deletions(requested, current)).toEqual(removed);
  });
});
