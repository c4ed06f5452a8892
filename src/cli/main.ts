#!/usr/bin/env node
import * as nodeModule from 'node:module';
import { keepHeapSmall } from './small-heap.ts';

/** Node keeps compiled code between runs from 22.8 on, where it may write; commands are loaded after this. */
function keepCompiledCode(): void {
  const enable: unknown = Reflect.get(nodeModule, 'enableCompileCache');
  if (typeof enable === 'function') (enable as () => unknown)();
}

// The controller is a long-running process. It uses no compile cache, since Node holds the cache in memory for the
// whole run: a megabyte. It sets V8's flags before it loads any other file: half a dozen files are enough work to start
// Maglev, whose code takes two megabytes.
if (process.argv[2] === 'controller') keepHeapSmall();
else keepCompiledCode();
// Without an await of the module's own: a bundle may be CommonJS.
void import('./run.ts').then(({ main }) => main());
