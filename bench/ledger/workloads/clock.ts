/** Resident memory that the first reads of the clock add. */
import { isoTime, monotonicMs } from '@typekro/kit/core';
import { printResident } from './figures.ts';

await printResident(() => `${monotonicMs()} ${isoTime(Date.now())}`);
