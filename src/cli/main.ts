#!/usr/bin/env node
import * as nodeModule from 'node:module';
import { wordsFromName } from './debug-option.ts';
import { optimizeLate } from './optimize-late.ts';
import { keepHeapSmall } from './small-heap.ts';

/** Turns on Node's compile cache, which exists from Node 22.8 on. Commands must be loaded after this call. */
function keepCompiledCode(): void {
  const enable: unknown = Reflect.get(nodeModule, 'enableCompileCache');
  if (typeof enable === 'function') (enable as () => unknown)();
}

// The controller is a long-running process. It uses no compile cache, since Node holds the cache in memory for the
// whole run: a megabyte. It sets V8's flags before it loads any other file: half a dozen files are enough work to start
// Maglev, and the code of Maglev takes two megabytes.
const [command] = wordsFromName(process.argv.slice(2));
if (command === 'controller') keepHeapSmall();
else {
  optimizeLate(command);
  keepCompiledCode();
}
// The module has no top-level await, because a bundle may be CommonJS.
void import('./run.ts').then(({ main }) => main());
