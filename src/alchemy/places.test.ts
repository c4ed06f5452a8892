import { describe, expect, test } from 'vitest';
import type { InstanceLocation, StoredOutput, StoredProps } from './model.ts';
import { deletions, leftBehind, moveOf, samePlace } from './places.ts';

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
])('of another %s, it is the same instance: %j %s', (_, changes, same) => {
  expect(samePlace(a, place('a', changes))).toBe(same);
});

describe('what an attempt left behind', () => {
  test.each([
    ['nothing before the first attempt', {}, b, undefined],
    ['nothing when the same is wanted again', { props: props(b) }, b, undefined],
    ['the attempt when another one is wanted', { props: props(b) }, c, b],
    ['nothing when the attempt is what is deployed', { output: output(a), props: props(a) }, b, undefined],
    ['the attempt at a replacement', { output: output(a), props: props(b) }, a, b],
    ['the attempt at a replacement, before a third', { output: output(a), props: props(b) }, c, b],
  ])('%s', (_, last, wanted, left) => {
    expect(leftBehind(last, wanted)).toBe(left);
  });
});

describe('an update', () => {
  test.each([
    ['stays without an output', undefined, a, 'stay'],
    ['stays in its place', output(a), a, 'stay'],
    ['stays in another mode', output(a), place('a', { mode: 'kro' }), 'stay'],
    ['replaces under another name', output(a), b, 'replace'],
    ['replaces with another composition', output(a), place('a', { definition: 'x', kind: 'X' }), 'replace'],
    ['replaces first what has another kind', output(a), place('a', { kind: 'Remarks' }), 'replace-first'],
    ['replaces first under another name, too', output(a), place('b', { kind: 'Remarks' }), 'replace-first'],
  ] as const)('%s', (_, last, wanted, move) => {
    expect(moveOf(last, wanted)).toBe(move);
  });
});

describe('a deletion removes', () => {
  const kro = place('a', { mode: 'kro' });
  test.each([
    ['nothing of what was never attempted', {}, {}, []],
    ['what is deployed', { output: output(a), props: props(a) }, output(a), [a]],
    ['what was attempted, when nothing is deployed', { output: {}, props: props(a) }, {}, [a]],
    ['what was attempted and what is deployed', { output: output(a), props: props(b) }, output(a), [b, a]],
    ['both modes of a move that failed', { output: output(a), props: props(kro) }, output(a), [kro, a]],
    ['the replaced past', { output: output(a), props: props(a) }, output(b, '2'), [a]],
    ['of a replaced past nothing attempted since', { output: output(a), props: props(b) }, output(b, '2'), [a]],
    ['nothing of a past that is there again', { output: output(a), props: props(b) }, output(a, '2'), []],
    ['what is deployed, when the state is gone', { output: output(a), props: props(a) }, undefined, [a]],
  ])('%s', (_, asked, current, removed) => {
    expect(deletions(asked, current)).toEqual(removed);
  });
});
