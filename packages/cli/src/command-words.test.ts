import { expect, test } from 'vitest';
import { withNegativeValues, withoutAlias } from './command-words.ts';

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

test.each([
  ['cluster clock dev -1h', 'cluster clock dev -- -1h'],
  ['cluster clock dev -1h --debug', 'cluster clock dev --debug -- -1h'],
  ['cluster clock dev -.5s', 'cluster clock dev -- -.5s'],
  ['wait shop --timeout -1s', 'wait shop --timeout -1s'],
  ['wait shop -t -1s', 'wait shop -t -1s'],
  ['wait shop -- -1s', 'wait shop -- -1s'],
  ['wait -1s -- shop', 'wait -- -1s shop'],
  ['wait shop --sve', 'wait shop --sve'],
  ['wait shop --sve -', 'wait shop --sve -'],
])('%s is read as: %s', (line, expected) => {
  const options = [{ name: 'timeout', short: 't', summary: '', value: 'duration' }];
  expect(withNegativeValues(line.split(' '), { options }).join(' ')).toBe(expected);
});
