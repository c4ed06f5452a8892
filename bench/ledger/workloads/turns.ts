/** The longest delay of the event loop during forty passes of 20 ms each, in milliseconds. */
import { EventLoopYielder } from '../../../packages/controller/src/controller/queue/event-loop-yielder.ts';

const yielder = new EventLoopYielder();
let longest = 0;
let last = performance.now();
const measureDelay = (): void => {
  const now = performance.now();
  longest = Math.max(longest, now - last);
  last = now;
};
const timer = setInterval(measureDelay, 1);
const pass = async (): Promise<void> => {
  while (yielder.due) await yielder.break();
  const before = process.cpuUsage();
  for (let spent = 0; spent < 20_000;) {
    const { user, system } = process.cpuUsage(before);
    spent = user + system;
  }
};
await new Promise((resolve) => setTimeout(resolve, 5));
await Promise.all(Array.from({ length: 40 }, pass));
await new Promise((resolve) => setTimeout(resolve, 5));
measureDelay();
clearInterval(timer);
console.log(longest);
