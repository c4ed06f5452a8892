import { expect, test } from 'vitest';
import { composed, difference } from './compare.ts';
import { METHODS, objectOf } from './methods.ts';
import { specWith, VALUES } from './values.ts';

test.each(METHODS.map((method) => [`${method.library} ${method.text}`, method] as const))(
  'a schema with %s has the documented outcome, and no difference from its library',
  (_title, { library, schema, outcome }) => {
    const spec = objectOf(library, { field: schema });
    const result = composed(spec);
    if (result.codes !== undefined) {
      expect([...new Set(result.codes)], result.message).toEqual([outcome]);
      return;
    }
    expect(outcome).not.toMatch(/^schema\//);
    const differences = VALUES.map((value) => difference(spec, result, specWith('field', value)));
    expect(differences.filter((text) => text !== undefined)).toEqual([]);
  },
);
