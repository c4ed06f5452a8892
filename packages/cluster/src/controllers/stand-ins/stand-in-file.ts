import { basename } from 'node:path';
import { type Schema, StructuralSchema } from '@typekro/engine/schema';
import { type JsonValue, readRegularFile, yamlLibrary } from '@typekro/kit/core';
import type { StandIn } from '../../stand-in.ts';
import { dataStandIn } from './data-stand-in.ts';
import { invalidStandIn } from './compile-template.ts';

const TEXT: Schema = { type: 'string' };
const ANY: Schema = { 'x-kubernetes-preserve-unknown-fields': true };
const VALUES: Schema = { type: 'object', additionalProperties: ANY };
const listOf = (items: Schema): Schema => ({ type: 'array', items });
const record = (properties: Record<string, Schema>, ...required: string[]): Schema => ({
  type: 'object',
  properties,
  required,
});

const CASE_MEMBERS =
  'when status conditions owned objects removed annotations removedMembers events againMs unfinished'.split(' ');
const CASES = listOf(record(Object.fromEntries(CASE_MEMBERS.map((member) => [member, ANY]))));

/** The schema of a stand-in's file. */
const FILE = record(
  {
    definitions: listOf(ANY),
    let: VALUES,
    functions: VALUES,
    kinds: listOf(
      record(
        {
          group: TEXT,
          kinds: listOf(TEXT),
          controller: TEXT,
          finalizer: TEXT,
          isFinalizerOfUser: { type: 'boolean' },
          follows: listOf(
            record({ group: TEXT, kind: TEXT, anywhere: { type: 'boolean' }, label: TEXT }, 'group', 'kind'),
          ),
          let: VALUES,
          reconcile: CASES,
          finalize: CASES,
        },
        'group',
        'reconcile',
      ),
    ),
  },
  'kinds',
);

/**
 * Reads the file of a stand-in, and compiles all its expressions. The name of the stand-in is that of the file.
 *
 * @throws TypeKroError `cluster/invalid-stand-in` with the place of the first mistake, and for a file that cannot be read
 */
export function standInFromFile(path: string): StandIn {
  let text: string;
  try {
    text = readRegularFile(path).toString('utf8');
  } catch (error) {
    throw invalidStandIn(path, error instanceof Error ? error.message : String(error));
  }
  checkStandIn(path, text);
  return dataStandIn(basename(path, '.yaml'), text, {}, path);
}

/** Checks that a text is YAML with the members of a stand-in. Expressions are not checked. */
export function checkStandIn(path: string, text: string): void {
  const document = yamlLibrary().parseDocument(text);
  const [mistake] = document.errors;
  if (mistake !== undefined) throw invalidStandIn(path, mistake.message.split(':\n')[0] ?? '');
  const value = document.toJS() as JsonValue;
  const [error] = StructuralSchema.validate(FILE, value);
  if (error !== undefined) throw invalidStandIn(`${path}: ${error.field}`, error.message);
  const [unknown] = StructuralSchema.prune(FILE, value, { resource: false }).unknown;
  if (unknown !== undefined) throw invalidStandIn(`${path}: ${unknown}`, 'this member is not known');
}
