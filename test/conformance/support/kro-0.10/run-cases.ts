import { apiErrorsOf } from './api-errors.ts';
import { type CaseOutcome, type KroCase, notRun, outcomeOf } from './cases.ts';
import { expectationOf, probedIds } from './graph-expectations.ts';
import { UnknownForm } from './graph-input.ts';
import { GraphRun } from './graph-run.ts';

const INPUTS: ReadonlySet<string> = new Set(['graphNamespace', 'nodes', 'existing', 'cluster', 'apiError', 'gates', 'mode', 'head']);

/**
 * Runs a case that has nodes, with the controller on the embedded cluster. Compares the objects that the nodes create
 * with the case's expectations.
 */
export async function runGraphCase(each: KroCase): Promise<CaseOutcome> {
  const strange = Object.keys(each.input).find((key) => !INPUTS.has(key));
  if (strange !== undefined) return notRun(`no rule for the input "${strange}"`);
  try {
    // The case's `apiError` may name several requests. The case runs once for each of these requests, and each run
    // makes one of them fail.
    const errors = apiErrorsOf(each.input['apiError']);
    const found: string[] = [];
    for (const error of errors.length === 0 ? [undefined] : errors) found.push(...(await runOnce(each, error)));
    return outcomeOf(found);
  } catch (thrown) {
    if (thrown instanceof UnknownForm) return notRun(thrown.message);
    throw thrown;
  }
}

async function runOnce(each: KroCase, error: Parameters<typeof GraphRun.start>[1]): Promise<string[]> {
  const { expect } = each;
  const rules = Object.entries(expect).map(([key, expected = null]) => {
    const rule = expectationOf(key);
    if (rule === undefined) throw new UnknownForm(`no rule for "${key}"`);
    return { key, expected, rule };
  });
  // The rules that change objects run last, because the other rules expect the unchanged objects.
  rules.sort((a, b) => Number(changes(a.key)) - Number(changes(b.key)));
  const ids = 'matches' in expect ? refIds(each) : probedIds(expect);
  const run = await GraphRun.start(each, error, ids);
  try {
    const found: string[] = [];
    for (const { expected, rule } of rules) found.push(...(await rule(run, expected)));
    return found;
  } finally {
    await run.world.close();
  }
}

const changes = (key: string): boolean => key.startsWith('after') || key === 'prune' || key === 'matches';

function refIds({ input }: KroCase): string[] {
  const nodes = Array.isArray(input['nodes']) ? input['nodes'] : [];
  return nodes.flatMap((node) => {
    const isRef = typeof node === 'object' && node !== null && 'ref' in node;
    return isRef ? [String((node as { id?: unknown }).id)] : [];
  });
}
