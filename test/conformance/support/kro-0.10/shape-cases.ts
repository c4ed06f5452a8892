import type { JsonValue } from '@typekro/kit/core';
import { GraphObject, Naming, scanExpressions } from '@typekro/engine/graph';
import { manifestProblem, isDynamicManifest } from '../../../../packages/engine/src/graph/graph-object/object-structure.ts';
import { isReservedInGraphs } from '../../../../packages/engine/src/graph/graph-object/check-shape.ts';
import { type CaseOutcome, type KroCase, containsAll, failed, outcomeOf, PASSED } from './cases.ts';
import { acceptedText, compileNodes, same } from './compile-cases.ts';

/**
 * The outcome of a case. `text` is the error with which the input is refused, or `undefined` when the input is
 * accepted.
 */
function verdict(text: string | undefined, expect: KroCase['expect']): CaseOutcome {
  const wanted = expect['errorContains'] ?? expect['error'] ?? expect['messageContains'];
  if (text === undefined) return wanted === undefined ? PASSED : failed('accepted');
  return wanted === undefined ? failed(`refused: ${text}`) : outcomeOf(containsAll(text, wanted));
}

const textOf = (nodes: JsonValue): string | undefined => acceptedText(compileNodes(nodes)) || undefined;

/** Runs a case about the id of a node. */
export function runNodeIdCase({ id, input, expect }: KroCase): CaseOutcome {
  if (id.endsWith('rgd-sync') || !('id' in input)) return runReservedCase({ expect });
  const node = { id: input['id'] ?? '', def: { k: 'v' } };
  return verdict(textOf([node]), expect);
}

/** Checks a list of words. Definitions must reserve each of these words that Graphs reserve. */
function runReservedCase(_case: Pick<KroCase, 'expect'>): CaseOutcome {
  const words = 'apiVersion kind metadata namespace spec status graph graphengine kro each item items object self this context'.split(' ');
  return outcomeOf(words.filter((word) => isReservedInGraphs(word) && !Naming.isReservedWord(word, '0.10')));
}

/**
 * Runs a case about the entries of `forEach`. A name in an entry stands for a list: the field `l` of a def node with
 * this name.
 */
export function runForEachShapeCase({ input, expect }: KroCase): CaseOutcome {
  const entries = (input['forEach'] ?? []) as Record<string, string>[];
  const lists = new Set(entries.flatMap((entry) => Object.values(entry)).map((text) => text.slice(2, -1)));
  const id = String(input['nodeId'] ?? 'n');
  const defs = [...lists].filter((name) => name !== id).map((name) => ({ id: name, def: { l: ['x'] } }));
  const forEach = entries.map((entry) =>
    Object.fromEntries(Object.entries(entry).map(([name, text]) => [name, text.replace('}', '.l}')])),
  );
  return verdict(textOf([...defs, { id, def: { k: 'v' }, forEach }]), expect);
}

/** Runs a case about the structure of a manifest. */
export function runObjectCase({ input, expect }: KroCase): CaseOutcome {
  const problem = manifestProblem(input['object'], input['metadataRequired'] === true);
  return verdict(problem?.kro, expect);
}

/** Runs a case about a manifest whose apiVersion or kind may be computed. */
export function runPayloadCase({ input, expect }: KroCase): CaseOutcome {
  const payload = input['payload'];
  if ('dynamic' in expect) return outcomeOf(same('dynamic', isDynamicManifest(payload), expect['dynamic'] ?? false));
  return verdict(manifestProblem(payload, true)?.kro, expect);
}

/** Runs a case about the expressions in a string. */
export function runScanCase({ input, expect }: KroCase): CaseOutcome {
  const scanned = scanExpressions(String(input['string']), '0.10');
  if (!scanned.ok) return verdict(scanned.message, expect);
  const found = scanned.parts.filter(({ kind }) => kind === 'expression').map(({ text }) => text);
  const differences = 'expressions' in expect ? same('expressions', found, expect['expressions'] ?? []) : [];
  const standalone = scanned.parts.length === 1 && scanned.parts[0]?.kind === 'expression';
  if ('standalone' in expect) differences.push(...same('standalone', standalone, expect['standalone'] ?? false));
  if ('error' in expect) differences.push(`accepted instead of ${String(expect['error'])}`);
  return outcomeOf(differences);
}

/** Runs a case about the name of a ServiceAccount. */
export function runAccountNameCase({ input, expect }: KroCase): CaseOutcome {
  return outcomeOf(same('matches', GraphObject.isServiceAccountName(String(input['name'])), expect['matchesPattern'] ?? true));
}
