/** Resident memory of the first looks at the clock. */
import { isoTime, monotonicMs } from '../../../src/core/index.ts';
import { printResident } from './figures.ts';

await printResident(() => `${monotonicMs()} ${isoTime(Date.now())}`);
