import { expect, test } from 'vitest';
import { TYPEKRO_FEATURES } from '@typekro/engine/graph';
import { requireKnownControllerOptions } from './known-options.ts';

test.each([
  [{ maxGraphRevision: 3 }, 'a controller has no option "maxGraphRevision"', 'did you mean "maxGraphRevisions"?'],
  [{ features: { ommit: true } }, 'features has no option "ommit"', 'did you mean "omit"?'],
  [{ constructor: 1 }, 'a controller has no option "constructor"', expect.stringContaining('the options are client,')],
])('%j is refused', (options, message, remedy: unknown) => {
  const check = () => requireKnownControllerOptions({ client: {}, ...options } as never);
  expect(check).toThrow(expect.objectContaining({ code: 'controller/unknown-option', message, remedy }));
});

test('known options and features are accepted', () => {
  const options = { client: {}, instanceConcurrency: 4, features: { ...TYPEKRO_FEATURES, omit: true } } as never;
  expect(() => requireKnownControllerOptions(options)).not.toThrow();
});
