import { expect, test } from 'vitest';
import { requireKnownOptions, unknownName } from './known-names.ts';

const KNOWN = { port: true, host: true };

test.each<readonly [Record<string, unknown>, string | undefined]>([
  [{}, undefined],
  [{ port: 1, host: undefined }, undefined],
  [{ port: 1, prot: 2 }, 'prot'],
  [{ toString: 1 }, 'toString'],
  [Object.create({ prot: 1 }) as Record<string, unknown>, undefined],
])('the unknown name of %j is %j', (given, name) => {
  expect(unknownName(given, KNOWN)).toBe(name);
});

test.each([
  ['prot', 'did you mean "port"?'],
  ['certificate', 'the options are port, host'],
])('the error of the option %s says: %s', (name, remedy) => {
  expect(() => requireKnownOptions('listen()', { [name]: 1 }, KNOWN, 'testing/unknown-option')).toThrow(
    expect.objectContaining({ message: `listen() has no option "${name}"`, code: 'testing/unknown-option', remedy }),
  );
});
