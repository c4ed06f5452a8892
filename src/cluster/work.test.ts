import { expect, test } from 'vitest';
import { Work } from './work.ts';

test('a failed callback of onStop is reported, and the others run', () => {
  const reported: unknown[] = [];
  const ran: string[] = [];
  const work = new Work((thrown) => reported.push(thrown));
  const failure = new Error('no space left');
  work.onStop(() => ran.push('first'));
  work.onStop(() => {
    throw failure;
  });
  work.onStop(() => ran.push('last'));
  work.stop();
  expect({ ran, reported }).toEqual({ ran: ['first', 'last'], reported: [failure] });
});
