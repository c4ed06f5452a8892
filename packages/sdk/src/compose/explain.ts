import { type JsonObject, type JsonValue, isJsonObject } from '@typekro/kit/core';
import type { CompositionCore } from './composition.ts';
import type { GraphCore } from './graph-core.ts';

/** Describes all resources of a composition as readable text, with their conditions, loops and expressions. */
export function explainComposition(core: CompositionCore): string {
  const { definition } = core.write('typekro');
  const spec = definition['spec'] as JsonObject;
  const lines = [`composition ${core.name}`];
  for (const entry of spec['resources'] as JsonObject[]) lines.push(...explainResource(entry));
  const status = (spec['schema'] as JsonObject)['status'];
  if (status !== undefined) lines.push('status', ...fields(status, '  '));
  const { validations } = core.traced.graph;
  if (validations.length > 0)
    lines.push('preconditions', ...validations.map((validation) => `  ${validation.message}`));
  return `${lines.join('\n')}\n`;
}

/** Describes all nodes of a graph as readable text, with their conditions, loops and expressions. */
export function explainGraph(core: GraphCore): string {
  const { definition } = core.write('typekro');
  const nodes = (definition['spec'] as JsonObject)['nodes'] as JsonObject[];
  return `${[`graph ${core.name}`, ...nodes.flatMap(explainResource)].join('\n')}\n`;
}

function explainResource(entry: JsonObject): string[] {
  const { id, template: owned, externalRef, ref = externalRef, def, patch } = entry;
  const template = (owned ?? ref ?? patch ?? def) as JsonObject;
  const what = def === undefined ? `${String(template['kind'])} (${String(template['apiVersion'])})` : 'a value';
  const lines = [`${String(id)}: ${patch === undefined ? '' : 'patch of '}${what}`];
  for (const each of (entry['forEach'] ?? []) as JsonObject[]) {
    for (const [name, list] of Object.entries(each)) lines.push(`  for each ${name} of ${bare(list)}`);
  }
  for (const condition of (entry['includeWhen'] ?? []) as JsonValue[]) lines.push(`  only when ${bare(condition)}`);
  for (const condition of (entry['propagateWhen'] ?? []) as JsonValue[])
    lines.push(`  propagate when ${bare(condition)}`);
  for (const condition of (entry['readyWhen'] ?? []) as JsonValue[]) lines.push(`  ready when ${bare(condition)}`);
  if (entry['deletionPolicy'] === 'Orphaned') lines.push('  stays when it is retired');
  const external = (entry['externalFields'] ?? []) as string[];
  if (external.length > 0) lines.push(`  leaves to other managers: ${external.join(', ')}`);
  return [...lines, ...fields(template, '  ')];
}

/** One line for each field that contains an expression. */
function fields(value: JsonValue, indent: string, path = ''): string[] {
  if (typeof value === 'string') return value.includes('${') ? [`${indent}${path} = ${bare(value)}`] : [];
  if (Array.isArray(value)) return value.flatMap((item, index) => fields(item, indent, `${path}[${index}]`));
  if (!isJsonObject(value)) return [];
  return Object.entries(value).flatMap(([key, item]) =>
    fields(item as JsonValue, indent, path === '' ? key : `${path}.${key}`),
  );
}

function bare(value: JsonValue | undefined): string {
  const text = String(value);
  return text.startsWith('${') && text.indexOf('${', 2) < 0 && text.endsWith('}') ? text.slice(2, -1) : text;
}
