#!/usr/bin/env node
import * as nodeModule from 'node:module';
import { keepHeapSmall } from './small-heap.ts';

/** Node keeps compiled code between runs from 22.8 on, where it may write; commands are loaded after this. */
function keepCompiledCode(): void {
  const enable: unknown = Reflect.get(nodeModule, 'enableCompileCache');
  if (typeof enable === 'function') (enable as () => unknown)();
}

// The controller runs for long, next to others. It keeps no compiled code, since Node holds all that it read from
// there for as long as the process runs: a megabyte. And its flags come before any file of ours: to find half a dozen
// is work enough for Maglev to begin, and its own code is two megabytes.
if (process.argv[2] === 'controller') keepHeapSmall();
else keepCompiledCode();
// Without an await of the module's own: a bundle may be CommonJS.
void import('./run.ts').then(({ main }) => main());
