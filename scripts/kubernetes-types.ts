/**
 * Writes the bundle of built-in types of another Kubernetes version from a cluster's own OpenAPI:
 * `npm run docs -- kubernetes-types MINOR DIR`. DIR contains the responses of a cluster as files: `api.json` and
 * `apis.json` (aggregated discovery of `/api` and `/apis`) and any number of OpenAPI v3 documents, for example
 *
 *   kubectl get --raw /openapi/v3/apis/apps/v1 > DIR/apps-v1.json
 *
 * The result is sorted, so the same responses always produce the same files.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { JsonValue } from '@typekro/kit/core';
import { bundleTypes } from '../packages/engine/src/schema/bundle.ts';

const DISCOVERY = ['api.json', 'apis.json'] as const;

function main(args: readonly string[]): number {
  const [minor, directory, ...rest] = args;
  if (minor === undefined || directory === undefined || rest.length > 0 || !/^1\.\d+$/.test(minor)) {
    console.error('usage: npm run docs -- kubernetes-types MINOR DIR   (MINOR such as 1.35)');
    return 2;
  }
  const missing = DISCOVERY.filter((name) => !existsSync(join(directory, name)));
  if (missing.length > 0) {
    console.error(`${directory} has no ${missing.join(' and no ')}`);
    return 1;
  }
  const read = (name: string) => JSON.parse(readFileSync(join(directory, name), 'utf8')) as JsonValue;
  const documents = readdirSync(directory).filter(
    (name) => name.endsWith('.json') && !DISCOVERY.includes(name as never),
  );
  // All files are read before the first file is written, so that an unreadable file leaves no incomplete bundle.
  const [api, apis] = DISCOVERY.map(read);
  const types = bundleTypes(documents.sort().map(read));
  const count = Object.keys(types).length;
  if (count === 0) {
    console.error(`no OpenAPI v3 document with built-in types in ${directory}`);
    return 1;
  }
  const target = fileURLToPath(new URL(`../data/kubernetes-${minor}/`, import.meta.url));
  mkdirSync(target, { recursive: true });
  const lines = Object.entries(types).map(([name, facts]) => `${JSON.stringify(name)}:${JSON.stringify(facts)}`);
  writeFileSync(
    join(target, 'types.json'),
    `{"kubernetes":${JSON.stringify(minor)},"types":{\n${lines.join(',\n')}\n}}\n`,
  );
  writeFileSync(join(target, 'discovery.json'), `${JSON.stringify({ api, apis })}\n`);
  console.log(`${count} types of Kubernetes ${minor} written to ${target}`);
  return 0;
}

process.exitCode = main(process.argv.slice(2));
