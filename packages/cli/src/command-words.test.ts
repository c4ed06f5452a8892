import { expect, test } from 'vitest';
import { withoutAlias } from './command-words.ts';

test.each([
  ['preview -f app.yaml', 'render app.yaml'],
  ['preview app.yaml --set a=1', 'render app.yaml --set a=1'],
  ['generate crd -f app.yaml', 'types --output crd app.yaml'],
  ['generate instance --file app.yaml', 'types --output instance app.yaml'],
  ['generate diagram app.yaml', 'graph --output mermaid app.yaml'],
  ['generate crds/', 'generate crds/'],
  ['render -f values.yaml', 'render -f values.yaml'],
  ['', ''],
])('the command line "%s" becomes "%s"', (line, expected) => {
  expect(withoutAlias(line.split(' ')).join(' ')).toBe(expected);
});
