import type { CallContext, Library } from '../library.ts';
import { TIMESTAMP } from '../types.ts';
import { CelTimestamp } from '../values.ts';
import { overload, declare } from './define.ts';

/** `now()`: the time of the evaluation. All calls in one evaluation return the same time. Stock kro lacks it. */
export const nowLibrary: Library = {
  name: 'typekro.now',
  functions: [
    declare(
      'now',
      overload('now', [], TIMESTAMP, ({ now }: CallContext) => {
        const seconds = Math.floor(now / 1000);
        return new CelTimestamp(seconds, Math.round((now - seconds * 1000) * 1e6));
      }),
    ),
  ],
};
