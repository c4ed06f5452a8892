import { expect, test } from 'vitest';
import { actionsOf } from './port-option.ts';

test.each<[Record<string, string | true>, readonly string[]]>([
  [{}, []],
  [{ 'allow-actions': true }, ['suspend', 'resume', 'reconcile']],
])('the options %j allow the actions %j', (options, actions) => {
  expect(actionsOf({ positionals: [], options })).toEqual(actions);
});
