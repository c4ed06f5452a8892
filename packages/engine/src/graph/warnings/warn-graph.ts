import { type JsonValue, isJsonObject, stringifyJson } from '@typekro/kit/core';
import { valueAt } from '@typekro/kit/kubernetes';
import type { KroCompatibility } from '../kro-compatibility.ts';
import type { GraphFeatures } from '../options.ts';
import type { ParsedDefinition } from '../parsed-definition.ts';
import type { ResourceDraft, WrittenNode } from '../resource-draft.ts';
import type { Problems } from '../problems.ts';
import { warnAutoscalers } from './autoscalers.ts';
import { warnSelectors } from './warn-selectors.ts';

/** Warns of parts of a definition that are valid separately but wrong in combination. */
export function warnGraph(
  definition: ParsedDefinition,
  drafts: readonly ResourceDraft[],
  { managedResources = false }: GraphFeatures,
  level: KroCompatibility,
  problems: Problems,
): void {
  warnUnusedTypes(definition, problems);
  warnOverwrittenStatus(definition, managedResources, problems);
  warnNodes(drafts, level, problems);
}

/** Warns of nodes of a definition, or of a frame of a Graph, that do not fit together or never come to rest. */
export function warnNodes(nodes: readonly WrittenNode[], level: KroCompatibility, problems: Problems): void {
  warnSameIdentity(nodes, problems);
  warnSelectors(nodes, level, problems);
  warnAutoscalers(nodes, level, problems);
  warnFinishedJobs(nodes, problems);
  warnCopiedMetadata(nodes, problems);
}

/** Matches a read of all labels or annotations of the instance, also with a default, and not a choice of keys. */
const ALL_METADATA = /\bschema\.metadata\.\??(labels|annotations)\b(?:\.orValue\(\{\}\))?(?!\s*(?:\[|\.(?!merge\b)))/;

/** Warns of an object that gets all labels or annotations of its instance, also those of its tools. */
function warnCopiedMetadata(nodes: readonly WrittenNode[], problems: Problems): void {
  for (const { template, block } of nodes) {
    for (const name of ['labels', 'annotations']) {
      const text = valueAt(template, 'metadata', name);
      const copied = typeof text === 'string' ? ALL_METADATA.exec(text)?.[1] : undefined;
      if (copied === undefined) continue;
      problems.warn({
        code: 'graph/copied-metadata',
        message: `all ${copied} of the instance are copied, also those by which the controller and other tools find their objects`,
        place: { path: [...block.path, 'template', 'metadata', name] },
        hint: `copy those without a domain: \${schema.metadata.?${copied}.orValue({}).transformMap(k, v, !k.contains("/"), v)}`,
      });
    }
  }
}

/** Warns of a Job that the cluster deletes after its end, because the controller then creates it again. */
function warnFinishedJobs(nodes: readonly WrittenNode[], problems: Problems): void {
  for (const { id, nodeType, resolved, template, block } of nodes) {
    const isOwn = nodeType === 'resource' || nodeType === 'collection';
    if (!isOwn || resolved?.type.group !== 'batch' || resolved.type.kind !== 'Job') continue;
    const seconds = valueAt(template, 'spec', 'ttlSecondsAfterFinished') ?? null;
    if (seconds === null || (typeof seconds === 'string' && seconds.includes('omit()'))) continue;
    problems.warn({
      code: 'graph/job-runs-again',
      message: `the cluster deletes ${id} some time after its end, and the controller then creates it again: the Job runs again and again`,
      place: { path: [...block.path, 'template', 'spec', 'ttlSecondsAfterFinished'], key: true },
      hint: 'leave the field out: the Job is deleted with its instance; for a Job that must run again and again, write a CronJob',
    });
  }
}

/** Warns of unused custom types. A type is used if `spec` or another used type refers to it. */
function warnUnusedTypes({ schema }: ParsedDefinition, problems: Problems): void {
  if (!isJsonObject(schema.types)) return;
  const { types } = schema;
  const used = new Set<string>();
  const pending: JsonValue[] = [schema.spec ?? null];
  for (let block = pending.pop(); block !== undefined; block = pending.pop()) {
    if (isJsonObject(block))
      for (const each of Object.values(block).filter((entry) => entry !== undefined)) pending.push(each);
    if (typeof block !== 'string') continue;
    const [text = ''] = block.split('|');
    const name = text
      .trim()
      .replace(/^(?:\[\]\s*|map\[string\]\s*)+/, '')
      .trim();
    const type = Object.hasOwn(types, name) ? types[name] : undefined;
    if (type === undefined || used.has(name)) continue;
    used.add(name);
    pending.push(type);
  }
  for (const name of Object.keys(types)) {
    if (used.has(name)) continue;
    problems.warn({
      code: 'graph/unused-type',
      message: `the type ${name} is not used`,
      place: { path: ['spec', 'schema', 'types', name], key: true },
      hint: 'use it in spec, or remove it',
    });
  }
}

/**
 * Warns if the author's status has the field `state`, because the controller overwrites it. Also warns of `graph` if
 * the controller records objects there. Conditions need no warning, because the controller merges them.
 */
function warnOverwrittenStatus({ schema }: ParsedDefinition, hasRecord: boolean, problems: Problems): void {
  if (!isJsonObject(schema.status)) return;
  if (Object.hasOwn(schema.status, 'state')) {
    problems.warn({
      code: 'graph/overwritten-status',
      message:
        'the controller writes status.state itself (ACTIVE, IN_PROGRESS, ERROR, DELETING), and this value is lost',
      place: { path: ['spec', 'schema', 'status', 'state'], key: true },
      hint: 'give the field another name, such as phase',
    });
  }
  if (!hasRecord || !Object.hasOwn(schema.status, 'graph')) return;
  problems.warn({
    code: 'graph/overwritten-status',
    message: 'with the feature gate ManagedResources the controller writes status.graph itself, and this value is lost',
    place: { path: ['spec', 'schema', 'status', 'graph'], key: true },
    hint: 'give the field another name',
  });
}

/**
 * Warns of two resources that are the same object: their kind, namespace and name are always equal. Collections and
 * resources with conditions are not compared.
 */
function warnSameIdentity(drafts: readonly WrittenNode[], problems: Problems): void {
  const seen = new Map<string, WrittenNode>();
  for (const draft of drafts) {
    if (draft.nodeType !== 'resource' || draft.resolved === undefined || draft.includeWhen.length > 0) continue;
    const metadata = draft.template['metadata'];
    if (!isJsonObject(metadata) || typeof metadata['name'] !== 'string') continue;
    const { group, kind } = draft.resolved.type;
    const { name, namespace = null } = metadata;
    const identity = `${group}/${kind}/${namespace === null ? '' : stringifyJson(namespace)}/${name}`;
    const other = seen.get(identity);
    if (other === undefined) seen.set(identity, draft);
    else {
      problems.warn({
        code: 'graph/duplicate-identity',
        message: `"${draft.id}" and "${other.id}" are the same ${kind}, so every instance fails`,
        place: { path: [...draft.block.path, 'template', 'metadata', 'name'] },
        hint: 'give them different names, or make them one resource',
      });
    }
  }
}
