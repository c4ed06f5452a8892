import { expect, test } from 'vitest';
import { chooseDefinitions } from './choose-definitions.ts';
import type { CommandInput } from './command.ts';

test.each([
  ['zzzzzz', ['web'], 'known definitions: web'],
  ['zzzzzz', ['web', 'database'], 'known definitions: web, database'],
  ['wep', ['web', 'database'], 'did you mean web?'],
])('the remedy for the unknown definition %s among %j', (name, names, remedy) => {
  const input: CommandInput = { positionals: [], options: { definition: name } };
  const choose = () =>
    chooseDefinitions(
      names.map((each) => ({ name: each })),
      input,
    );
  expect(choose).toThrow(expect.objectContaining({ code: 'cli/usage', remedy }));
});
