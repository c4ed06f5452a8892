import { expect, test } from 'vitest';
import { AdmissionPending, ConversionPending } from '../webhooks/webhook-pending.ts';
import { Api } from '../api.ts';
import { withAdmission } from './session.ts';

test.each([
  ['decisions of webhooks', 30, AdmissionPending],
  ['conversions by webhooks', 100, ConversionPending],
])('a write waits for %s at most %i times', async (_, limit, Pending) => {
  const api = new Api({});
  const write = async (waits: number) => {
    let [answers, attempts] = [0, 0];
    const pending = () =>
      new Pending(() => {
        answers += 1;
        return Promise.resolve();
      });
    const written = withAdmission(api, [], () => {
      attempts += 1;
      if (attempts <= waits) throw pending();
      return 'written';
    });
    return [await written.catch((error: Error) => error.message), answers];
  };
  expect(await write(limit)).toEqual(['written', limit]);
  expect(await write(limit + 1)).toEqual([expect.stringContaining('the object changes too often'), limit]);
});
