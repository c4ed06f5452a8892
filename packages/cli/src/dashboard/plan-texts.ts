import { hasErrors } from '@typekro/kit/core';
import { type Plan, type PlanFile, InspectFailure } from '@typekro/controller/inspect';
import type { CommandContext } from '../command.ts';
import type { LoadedFiles } from '../plan/check-files.ts';
import { planLoaded } from '../plan/plan-of-files.ts';
import { type PlanTarget } from '@typekro/app/plan';
import { parseManifest } from '../inputs/read-manifest.ts';
import { sourceDiagnostic } from './definition-detail.ts';

/**
 * Plans the apply of YAML texts against a cluster. The names of the texts are only used in messages, and no file is
 * opened.
 *
 * @throws InspectFailure 422 with the problems of the texts.
 */
export async function planTexts(
  context: CommandContext,
  files: readonly PlanFile[],
  target: PlanTarget,
): Promise<Plan> {
  const loaded = loadTexts(files);
  if (hasErrors(loaded.diagnostics) || loaded.objects.length === 0) throw refused(loaded, loaded.diagnostics);
  const input = { positionals: [], options: {} };
  const { made, diagnostics, texts } = await planLoaded(context, input, loaded, target);
  if (made === undefined) throw refused({ ...loaded, texts }, diagnostics);
  return made.plan;
}

function loadTexts(files: readonly PlanFile[]): LoadedFiles {
  const parsed = files.map(({ name, text }) => ({ name, manifest: parseManifest(text, name) }));
  return {
    objects: parsed.flatMap(({ name, manifest }) => manifest.objects.map((object) => ({ ...object, file: name }))),
    diagnostics: parsed.flatMap(({ manifest }) => manifest.diagnostics),
    texts: new Map(parsed.map(({ name, manifest }) => [name, manifest.text])),
  };
}

function refused({ texts, objects }: LoadedFiles, diagnostics: LoadedFiles['diagnostics']): InspectFailure {
  const shown = diagnostics.map((each) => {
    const definition = objects.length === 1 ? objects[0]?.object : undefined;
    return sourceDiagnostic(each, texts.get(each.source?.file ?? '') ?? '', definition);
  });
  const message = shown.length === 0 ? 'there is no object in the files' : 'the files have errors';
  return new InspectFailure(message, { status: 422, code: 'inspect/plan-refused', diagnostics: shown });
}
