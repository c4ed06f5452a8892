/** Resident memory that the first reads of the clock add. */
import { isoTime, monotonicMs } from '../../../packages/kit/src/core/index.ts';
import { printResident } from './figures.ts';

await printResident(() => `${monotonicMs()} ${isoTime(Date.now())}`);
