import { type JsonObject, definedMembers } from '@typekro/kit/core';
import { listAt } from '@typekro/kit/kubernetes';
import { converterOf } from '../../conversion/converter.ts';
import { checkRoundTrips } from '../../conversion/round-trip.ts';
import { defaultRules } from '../checks/check-rules.ts';
import type { DefinitionDocument } from '../document.ts';
import type { CompileResult } from '../options.ts';
import { Problems } from '../problems.ts';

/** The options of `tryConversions`. */
export interface TrialOptions {
  /** The text of the definition, for positions. */
  readonly document?: DefinitionDocument | undefined;
  /** Called between parts of the work, each of about ten milliseconds. Default: the work is done at once. */
  readonly pause?: () => Promise<void>;
}

/**
 * Tries the conversions of a compiled definition with generated objects. Each error has the smallest object that was
 * found, and the result then has no graph. A definition with one version is returned unchanged, without loading the
 * generator. The same definition always gives the same result.
 */
export async function tryConversions(
  compiled: CompileResult,
  { document, pause }: TrialOptions = {},
): Promise<CompileResult> {
  const { graph, ...others } = compiled;
  const converter = graph === undefined ? undefined : converterOf(graph.instance.crd);
  if (graph === undefined || converter === undefined) return compiled;
  const { faults, untried } = await checkRoundTrips(converter, {
    evaluateRules: defaultRules(),
    ...definedMembers({ pause }),
  });
  const problems = new Problems(document);
  const blocks = listAt(graph.definition as JsonObject, 'spec', 'schema', 'versions');
  const { hub } = converter.program;
  const placeOf = (version: string, direction: 'fromHub' | 'toHub') => {
    const index = blocks.findIndex((block) => (block as { readonly name?: unknown }).name === version);
    const member = direction === 'fromHub' ? 'convertFrom' : 'convertTo';
    return { path: ['spec', 'schema', 'versions', index, member], key: true };
  };
  for (const { version, direction, spec, message } of faults) {
    const from = direction === 'fromHub' ? hub : version;
    problems.error({
      phase: 'beyond',
      code: 'graph/conversion-fault',
      message: `an object of ${from} with the spec ${JSON.stringify(spec)} is not converted exactly: ${message}`,
      hint: message.includes('no such key') ? OPTIONAL_HINT : HINT,
      place: placeOf(version, direction),
    });
  }
  for (const { version, direction } of untried) {
    const from = direction === 'fromHub' ? hub : version;
    problems.warn({
      code: 'graph/conversion-untried',
      message: `too few valid objects of ${from} could be generated to try the conversion`,
      hint: 'a validation rule or a pattern is rarely met by chance: test the conversion with an object of your own',
      place: placeOf(version, direction),
    });
  }
  const found = problems.diagnostics();
  if (faults.length === 0) return { ...compiled, diagnostics: [...compiled.diagnostics, ...found] };
  return { ...others, crd: graph.instance.crd, diagnostics: [...found, ...compiled.diagnostics] };
}

const OPTIONAL_HINT =
  'the field may be absent: read it as in self.spec.?size.orValue("1x1"), or make it required or give it a default';
const HINT =
  'correct the rule; if the value is not accepted in one of the versions, give both the same bounds, or name the field in lossy';
