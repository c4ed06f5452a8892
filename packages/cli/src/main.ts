#!/usr/bin/env node
import * as nodeModule from 'node:module';
import { wordsFromName } from './command-options.ts';
import { optimizeLate } from './process/optimize-late.ts';
import { keepHeapSmall } from './process/small-heap.ts';

/**
 * Turns on Node's compile cache, which Node has since version 22.8. Only modules that are loaded after this call use
 * the cache.
 */
function keepCompiledCode(): void {
  const enable: unknown = Reflect.get(nodeModule, 'enableCompileCache');
  if (typeof enable === 'function') (enable as () => unknown)();
}

// The controller is a long-running process. It does not use the compile cache, which Node keeps in memory (1 MB) during
// the whole run. It sets V8's flags before it loads other files, because the loading of six files already starts the
// Maglev compiler, whose code takes 2 MB.
const [command] = wordsFromName(process.argv.slice(2));
if (command === 'controller') keepHeapSmall();
else {
  optimizeLate(command);
  keepCompiledCode();
}
// This module has no top-level await, so that it can be bundled as CommonJS.
void import('./run.ts').then(({ main }) => main());
