/** Heap of one entry of an index: the keys of four objects, under the name of their ApplySet. */
import { KeyIndex } from '../../../packages/controller/src/controller/cache/key-index.ts';
import { printBytesEach } from './figures.ts';

const index = new KeyIndex();
const KEYS = Array.from({ length: 4 }, (_, key) => `default/web-${key}`);
printBytesEach(20_000, (set) => {
  for (const key of KEYS) index.add(`applyset-${set}`, key);
});
