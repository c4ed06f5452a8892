import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SmallSet } from './small-set.ts';

test('after the same changes, a SmallSet and a Set have the same members in the same order, whether few or many', () => {
  const change = fc.record({ adds: fc.boolean(), member: fc.nat(60).map(String) });
  fc.assert(
    fc.property(fc.array(change, { maxLength: 200, size: 'max' }), (changes) => {
      const small = new SmallSet('0');
      const set = new Set(['0']);
      for (const { adds, member } of changes) {
        if (adds) small.add(member);
        else small.delete(member);
        if (adds) set.add(member);
        else set.delete(member);
        expect(small.size).toBe(set.size);
      }
      expect([...small]).toEqual([...set]);
    }),
  );
});
