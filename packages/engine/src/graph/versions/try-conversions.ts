import {
  type JsonObject,
  type JsonValue,
  type KubeObject,
  definedMembers,
  isJsonObject,
  stringifyJson,
} from '@typekro/kit/core';
import { listAt } from '@typekro/kit/kubernetes';
import { CONVERSIONS_ANNOTATION } from '../../conversion/conversion-program.ts';
import { type Converter, converterOf } from '../../conversion/converter.ts';
import { type RoundTripResult, checkRoundTrips } from '../../conversion/round-trip.ts';
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

/** The number of trials whose results are kept. A page that follows a definition asks for the same trial every second. */
const MAX_TRIALS = 8;
const trials = new Map<string, RoundTripResult>();

/** The result for the versions of a CRD: of an earlier trial of equal versions, or of a new one. */
async function trialOf(
  { metadata, spec }: KubeObject,
  converter: Converter,
  pause: TrialOptions['pause'],
): Promise<RoundTripResult> {
  const key = stringifyJson([metadata.annotations?.[CONVERSIONS_ANNOTATION] ?? '', spec?.['versions'] ?? []]);
  const known = trials.get(key);
  const result =
    known ?? (await checkRoundTrips(converter, { evaluateRules: defaultRules(), ...definedMembers({ pause }) }));
  trials.delete(key);
  trials.set(key, result);
  const [oldest = ''] = trials.keys();
  if (trials.size > MAX_TRIALS) trials.delete(oldest);
  return result;
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
  const { faults, untried } = await trialOf(graph.instance.crd, converter, pause);
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
      message: `an object of ${from} with the spec ${stringifyJson(spec)} is not converted exactly: ${message}`,
      hint: hintFor(message, spec),
      place: placeOf(version, direction),
    });
  }
  for (const { version, direction, example } of untried) {
    const from = direction === 'fromHub' ? hub : version;
    problems.warn({
      code: 'graph/conversion-untried',
      message: `too few valid objects of ${converter.kind} ${from} could be generated to try the conversion: ${example}`,
      hint: 'a validation rule or a pattern is rarely met by chance: test the conversion with an object of your own',
      place: placeOf(version, direction),
    });
  }
  const found = problems.diagnostics();
  if (faults.length === 0) return { ...compiled, diagnostics: [...compiled.diagnostics, ...found] };
  return { ...others, crd: graph.instance.crd, diagnostics: [...found, ...compiled.diagnostics] };
}

function hintFor(message: string, spec: JsonValue): string {
  if (message.includes('no such key')) return OPTIONAL_HINT;
  const empty = message.includes('comes back as') ? emptyObjectIn(spec, 'spec') : undefined;
  if (empty !== undefined)
    return `${empty} may be an object without fields, which has no form in the other version: make a field of it required, or name the object: lossy: [${empty}]`;
  return /: (?:integer overflow|type conversion error|division by zero|modulus by zero|index out of bounds)/.test(
    message,
  )
    ? FAILING_HINT
    : HINT;
}

/** The path of the first object without members, outside of lists. */
function emptyObjectIn(value: JsonValue | undefined, path: string): string | undefined {
  if (!isJsonObject(value)) return undefined;
  const members = Object.entries(value);
  if (members.length === 0) return path === 'spec' ? undefined : path;
  return members.map(([name, member]) => emptyObjectIn(member, `${path}.${name}`)).find((found) => found !== undefined);
}

const FAILING_HINT =
  'correct the rule for this value, or exclude the value by a minimum, a maximum or a pattern of the field: one such object would make every list in the other version fail';
const OPTIONAL_HINT =
  'the field may be absent: read it as in self.spec.?size.orValue("1x1"), or make it required or give it a default';
const HINT =
  'correct the rule; if the value is not accepted in one of the versions, give both the same bounds, or name the field in lossy';
