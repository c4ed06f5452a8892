import { expect, test } from 'vitest';
import { SharedFields } from './shared-fields.ts';

test('field sets with any JSON values are shared', () => {
  const entry = () => ({ manager: 'm', fieldsV1: { 'f:a': 2n ** 70n } });
  const [one, other] = [
    { name: 'a', managedFields: [entry()] },
    { name: 'b', managedFields: [entry()] },
  ];
  const shared = new SharedFields();
  for (const metadata of [one, other]) shared.share(metadata);
  expect(one.managedFields[0]?.fieldsV1).toBe(other.managedFields[0]?.fieldsV1);
});
