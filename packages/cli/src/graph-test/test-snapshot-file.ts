import { existsSync } from 'node:fs';
import { type JsonObject, type JsonValue, isJsonObject, jsonEquals, TypeKroError } from '@typekro/kit/core';
import { parseDefinitions } from '@typekro/engine/graph';
import { readTextFile } from '../inputs/read-manifest.ts';
import { writeFile } from '../write-file.ts';
import type { GraphTestResult } from '@typekro/testing';
import { yamlOf } from '@typekro/app/text';

/** Snapshots, keyed by test name and then by step name. */
export type Snapshots = Readonly<Record<string, Readonly<Record<string, JsonObject>>>>;

/**
 * Returns the path of a test file's snapshots: `webapp.test.yaml.snapshot.yaml` in the folder of `webapp.test.yaml`.
 * The name includes the extension, so `a.test.yaml` and `a.test.yml` have different snapshot files.
 */
export function snapshotFileOf(path: string): string {
  return `${path}.snapshot.yaml`;
}

/**
 * Reads the snapshots of a test file. Returns an empty object when the snapshot file does not exist.
 *
 * @throws TypeKroError `testing/bad-snapshot` when the content of the file is not a map of snapshots.
 */
export async function readSnapshots(path: string, file: string): Promise<Snapshots> {
  const stored = snapshotFileOf(path);
  if (!existsSync(stored)) return {};
  const shown = snapshotFileOf(file);
  const { documents } = parseDefinitions(await readTextFile(stored, shown), shown);
  const tests = isJsonObject(documents[0]?.value) ? documents[0].value['tests'] : undefined;
  if (isJsonObject(tests) && Object.values(tests).every(isOfSteps)) return tests as Snapshots;
  throw new TypeKroError(`${shown} holds no snapshots`, {
    code: 'testing/bad-snapshot',
    remedy: 'delete it, and write it again with typekro test --update',
  });
}

function isOfSteps(value: JsonValue | undefined): boolean {
  return isJsonObject(value) && Object.values(value).every(isJsonObject);
}

/**
 * Writes the snapshots of the tests that ran. Keeps the snapshots of tests in `names` that did not run, and of steps
 * that a failed test did not reach. Removes the snapshots of tests that are not in `names`.
 *
 * @throws TypeKroError `testing/not-written`.
 *
 * @param stored the snapshots in the file
 * @param names the names of all tests of the test file
 */
export async function writeSnapshots(
  { path, file }: { readonly path: string; readonly file: string },
  stored: Snapshots,
  results: readonly GraphTestResult[],
  names: ReadonlySet<string>,
): Promise<void> {
  const taken = new Map(Object.entries(stored).filter(([name]) => names.has(name)));
  for (const { name, snapshots, failure } of results) {
    const kept = failure === undefined ? snapshots : { ...taken.get(name), ...snapshots };
    if (Object.keys(kept).length > 0) taken.set(name, kept);
    else taken.delete(name);
  }
  const tests = Object.fromEntries(taken) as JsonObject;
  if (jsonEquals(tests, stored)) return;
  const text = yamlOf({ schemaVersion: 1, kind: 'GraphTestSnapshot', tests });
  const head = '# Written by typekro test --update.\n';
  const target = snapshotFileOf(path);
  await writeFile(target, `${head}${text}`, {
    code: 'testing/not-written',
    remedy: 'make the file and its folder writable, or run the tests without --update',
    shown: snapshotFileOf(file),
    isSource: true,
  });
}
