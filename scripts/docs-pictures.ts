import { existsSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { commands } from '../packages/cli/src/commands/index.ts';
import type { JsonObject } from '@typekro/kit/core';
import { compile, GraphOutline } from '@typekro/engine/graph';
import { builtinSource, combineSources, crdSource } from '../packages/engine/src/schema/index.ts';
import { commandRunner } from '@typekro/cli/test-support/run-command';
import { filesOfPage } from '../test/support/walked-page.ts';
import { projectDefinitions } from './example-graphs.ts';
import { PAGES } from './site/navigation.ts';
import { toSvg } from '../packages/app/src/drawing/svg.ts';

const ROOT = fileURLToPath(new URL('../', import.meta.url));

/** A picture whose title is the command that makes it. */
const PICTURE = /!\[[^\]]*\]\(([\w./-]+\.svg) "typekro (graph ([\w./-]+)[^"]* -o svg)"\)/g;

/**
 * Returns the graph pictures of the documentation pages, keyed by their paths from the repository root. The command in
 * the title of a picture names a file of `examples/`, or a file that the page itself shows.
 *
 * @throws Error when the file does not exist or does not compile.
 */
export async function docsPictures(): Promise<ReadonlyMap<string, string>> {
  const sources = combineSources(builtinSource(), crdSource(projectDefinitions()));
  const run = commandRunner(commands, ROOT);
  const pictures = new Map<string, string>();
  // The written pages, which a clone may lack, have no pictures.
  for (const { source } of PAGES.filter((page) => existsSync(ROOT + page.source))) {
    const text = readFileSync(ROOT + source, 'utf8');
    for (const [, path = '', line = '', file = ''] of text.matchAll(PICTURE)) {
      const target = posix.join(posix.dirname(source), path);
      if (file.startsWith('examples/')) {
        const { code, out, err } = await run(line);
        if (code !== 0) throw new Error(`${source}: typekro ${line} ended with ${code}:\n${err}`);
        pictures.set(target, `${out}\n`);
        continue;
      }
      const definition = filesOfPage(text)[file];
      if (definition === undefined) throw new Error(`${source}: no block of the page has the file ${file}`);
      const { graph, diagnostics } = compile(parse(definition) as JsonObject, { sources, target: 'stock' });
      if (graph === undefined) throw new Error(`${source}: ${file} is refused: ${JSON.stringify(diagnostics)}`);
      pictures.set(target, toSvg(GraphOutline.of(graph)));
    }
  }
  return pictures;
}
