import { expect, test } from 'vitest';
import { repositoryName } from './source-name.ts';

test.each([
  ['https://charts.example.com/stable', 'stable'],
  ['https://charts.example.com', 'charts-example-com'],
  ['https://user:secret@charts.example.com', 'charts-example-com'],
  ['https://user:secret@charts.example.com/stable/', 'stable'],
  ['https://user:se@cret@charts.example.com', 'charts-example-com'],
  ['https://charts.example.com/stable?token=secret', 'stable'],
  ['https://charts.example.com?token=a/secret', 'charts-example-com'],
  ['https://charts.example.com/stable/#secret', 'stable'],
])('the repository at %s has the name %s', (address, name) => {
  expect(repositoryName(address)).toBe(name);
});

test.each(['', 'https://', 'https://user:secret@'])('the address %j has no host', (address) => {
  expect(() => repositoryName(address)).toThrow(expect.objectContaining({ code: 'factories/no-chart-source' }));
});
