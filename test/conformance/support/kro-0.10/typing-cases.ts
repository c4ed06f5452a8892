import { typeToString } from '@typekro/cel';
import type { JsonValue } from '@typekro/kit/core';
import { builtinSource } from '../../../../packages/engine/src/schema/index.ts';
import { Language } from '../../../../packages/engine/src/graph/expressions/language.ts';
import type { Schema } from '@typekro/engine/schema';
import { type CaseOutcome, type KroCase, notRun, outcomeOf } from './cases.ts';
import { same } from './compile-cases.ts';

/** The schema that words such as `string`, `list of string` or `object with additionalProperties string` describe. */
function schemaOf(words: JsonValue | undefined): Schema | undefined {
  const text = words === null || words === undefined ? '' : String(words);
  if (text === '') return {};
  const list = /^list of (.*)$/.exec(text)?.[1];
  if (list !== undefined) return listSchema(schemaOf(list));
  const values = /^object with additionalProperties (.*)$/.exec(text)?.[1];
  const inner = values === undefined ? undefined : schemaOf(values);
  if (inner !== undefined) return { type: 'object', additionalProperties: inner };
  const member = /^object with (?:property|properties|field) (\w+):? (.*)$/.exec(text);
  const value = member === null ? undefined : schemaOf(member[2] ?? '');
  if (value !== undefined) return { type: 'object', properties: { [member?.[1] ?? '']: value } };
  return ['string', 'integer', 'number', 'boolean', 'object'].includes(text) ? { type: text } : undefined;
}

const listSchema = (items: Schema | undefined): Schema | undefined =>
  items === undefined ? undefined : { type: 'array', items };

/** Runs a case about the type that an expression at a path must have. */
export function runTypeCase({ input, expect }: KroCase): CaseOutcome {
  const schema = schemaOf(input['schema']);
  if (schema === undefined) return notRun(`no schema for "${String(input['schema'])}"`);
  const language = new Language({ nodes: [] }, { sources: builtinSource(), kroCompatibility: '0.10' });
  const path = String(input['path'] ?? input['field'] ?? '').replace(/^items(?=\[)/, '');
  const type = language.typeAt(schema, '__type_n', path);
  return outcomeOf(same('type', type === undefined ? 'dyn' : typeToString(type), expect['type'] ?? 'dyn'));
}
