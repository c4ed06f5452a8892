import { expect, test } from 'vitest';
import { refuseForeign } from './request-guard.ts';

const LINK = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };

test.each<[string, string, string, Readonly<Record<string, string>>, boolean]>([
  ['a link of another site to the page', 'GET', '/', LINK, true],
  ['a link of a sibling site to the page', 'GET', '/', { ...LINK, 'sec-fetch-site': 'same-site' }, true],
  ['a link to a script of the page', 'GET', '/app.js', LINK, false],
  ['a link to data', 'GET', '/api/v1/instances', LINK, false],
  ['a link with parameters', 'GET', '/?a=b', LINK, false],
  ['a form of another site', 'POST', '/', LINK, false],
  ['a link with a foreign origin', 'GET', '/', { ...LINK, origin: 'https://evil.test' }, false],
  ['a frame with the page', 'GET', '/', { ...LINK, 'sec-fetch-dest': 'iframe' }, false],
  [
    'a read of the page by a script of another site',
    'GET',
    '/',
    { ...LINK, 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'empty' },
    false,
  ],
  ['a link to a foreign name', 'GET', '/', { ...LINK, host: 'evil.test' }, false],
])('%s (%s %s, headers %j) is accepted: %s', (_, method, path, headers, isAllowed) => {
  const check = () => refuseForeign({ method, path, headers: { host: 'localhost:1', ...headers } }, new Set(), false);
  if (isAllowed) expect(check).not.toThrow();
  else expect(check).toThrow(/may not use this server|is not called/);
});

test.each([
  [
    'whose command has an option for names',
    true,
    'open it as 127.0.0.1, or start the controller with --dashboard-hosts',
  ],
  ['whose command has no option for names', false, 'open it as 127.0.0.1'],
])('the refusal of a foreign name by a server %s has a matching remedy', (_, takesHosts, remedy) => {
  const request = { method: 'GET', path: '/', headers: { host: 'evil.test' } };
  expect(() => refuseForeign(request, new Set(), takesHosts)).toThrow(expect.objectContaining({ remedy }));
});
