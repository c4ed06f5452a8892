import { expect, test } from 'vitest';
import { brightBoxes } from './instance-view.tsx';

const boxes = [
  { id: 'a', members: ['a'] },
  { id: 'group', members: ['b', 'c'] },
  { id: 'd', members: ['d'] },
];

test.each([
  ['no chain', [], undefined],
  ['a chain', [{ nodes: ['a'] }], ['a']],
  ['a chain through a group', [{ nodes: ['c', 'd'] }], ['group', 'd']],
  ['two chains', [{ nodes: ['a'] }, { nodes: ['d'] }], ['a', 'd']],
])('brightBoxes returns the boxes that contain nodes of the chains: %s', (_title, chains, expected) => {
  const bright = brightBoxes(boxes, chains);
  expect(bright === undefined ? undefined : [...bright]).toEqual(expected);
});
