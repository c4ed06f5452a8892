/**
 * The process in which `typekro dev` loads modules. A new process starts after each save, so it has no cached module of
 * an earlier save. A module that never ends can be killed with its process.
 */
import { type SourcePosition, isJsonObject, refuseDeploysHere, stringifyJson } from '@typekro/kit/core';
import { Path } from '@typekro/engine/graph';
import { endProcess } from '../inputs/loading.ts';
import { lateFailures } from '../inputs/late-failures.ts';
import { loadModule } from '../inputs/load-module.ts';
import type { ModuleObject } from '../inputs/module-loader.ts';
import type { ChildReport, ChildRequest, SentObject } from './module-messages.ts';
import { recordImports } from './record-imports.ts';

const imported = recordImports();
refuseDeploysHere();

const send = (report: ChildReport): void => void process.send?.(report);

process.on('message', (request: ChildRequest) => void answer(request));
process.on('disconnect', () => endProcess());

async function answer({ path, file, cwd }: ChildRequest): Promise<void> {
  const note = (text: string): void => send({ kind: 'note', text });
  // A referenced channel would keep the process alive. Without the reference, Node ends the process when a module waits
  // for a promise that can never settle.
  process.channel?.unref();
  const { objects, diagnostics } = await loadModule(path, file, cwd, note);
  process.channel?.ref();
  const late = await lateFailures(note);
  send({
    kind: 'loaded',
    objects: objects.map(sentObject),
    diagnostics: [...diagnostics, ...late],
    imported: imported(),
  });
}

function sentObject({ object, locate }: ModuleObject): SentObject {
  const text = stringifyJson(object);
  return { text, places: locate === undefined ? [] : placesOf(object, locate) };
}

/**
 * The maximum depth of fields whose locations are sent. A deeper field has the location of its ancestor at this depth.
 */
const MAX_DEPTH = 64;

/** The locations of the fields. A field with the same location as its parent is left out. */
function placesOf(
  object: object,
  locate: (path: string) => SourcePosition | undefined,
): (readonly [string, SourcePosition])[] {
  const places: (readonly [string, SourcePosition])[] = [];
  const walk = (value: unknown, path: string, above: string, depth: number): void => {
    const place = locate(path);
    const text = JSON.stringify(place) ?? '';
    if (place !== undefined && text !== above) places.push([path, place]);
    if (depth === MAX_DEPTH) return;
    const entries: Iterable<readonly [string | number, unknown]> = Array.isArray(value)
      ? value.entries()
      : isJsonObject(value)
        ? Object.entries(value)
        : [];
    for (const [step, child] of entries) walk(child, Path.append(path, step), text, depth + 1);
  };
  walk(object, '', '', 0);
  return places;
}
