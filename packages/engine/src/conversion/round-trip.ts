import {
  type JsonObject,
  type JsonValue,
  type KubeObject,
  definedMembers,
  getOwn,
  jsonEquals,
  stringifyJson,
} from '@typekro/kit/core';
import type { FieldError } from '@typekro/kit/kubernetes';
import { type RuleSite, type Schema, StructuralSchema } from '../schema/index.ts';
import type { DirectionRules } from './conversion-program.ts';
import type { Converter } from './converter.ts';
import { specError } from './conversion-problem.ts';
import { ConversionError, cutText } from './conversion-rules.ts';
import { type FastCheck, constantsOf, sampleArbitrary, SEED } from './sample-arbitrary.ts';

/** A generated object that does not survive a conversion. */
export interface RoundTripFault {
  /** The version that is not the hub. */
  readonly version: string;
  /** Does the conversion to the hub fail, or that from the hub? */
  readonly direction: 'toHub' | 'fromHub';
  /** The spec of the smallest object that was found, in the version where the way begins. */
  readonly spec: JsonValue;
  readonly message: string;
}

/** A version for which too few valid objects could be generated. */
export interface UntriedVersion {
  readonly version: string;
  readonly direction: 'toHub' | 'fromHub';
  /** What is wrong with the first object: the path of a field and a message. */
  readonly example: string;
}

export interface RoundTripOptions {
  /** Evaluates the CEL rules of a schema. Default: rules are not evaluated. */
  readonly evaluateRules?: (site: RuleSite) => readonly FieldError[];
  /** Called between parts of the work. Default: the work is done at once. */
  readonly pause?: () => Promise<void>;
}

export interface RoundTripResult {
  readonly faults: readonly RoundTripFault[];
  readonly untried: readonly UntriedVersion[];
}

/**
 * Converts generated objects from each version to the hub and back, and from the hub to each version and back. An object
 * must come back with the same spec, and must be valid in between. A status need only be convertible, because only the
 * controller writes it, at the hub.
 */
export async function checkRoundTrips(
  converter: Converter,
  { evaluateRules, pause }: RoundTripOptions = {},
): Promise<RoundTripResult> {
  const fc: FastCheck = await import('./generator-library.ts');
  const faults: RoundTripFault[] = [];
  const untried: UntriedVersion[] = [];
  const { hub } = converter.program;
  const rules = definedMembers({ evaluateRules });
  for (const version of converter.versions) {
    const generators = {
      ...fc,
      constants: constantsOf(expressionsOf(converter, version)),
      isValid: (schema: Schema, value: JsonValue) => StructuralSchema.validate(schema, value, rules).length === 0,
    };
    for (const direction of ['fromHub', 'toHub'] as const) {
      const [from, to] = direction === 'fromHub' ? [hub, version] : [version, hub];
      const trip = new RoundTrip(converter, from, to, rules);
      const objects = sampleArbitrary(trip.parts, generators);
      const property = fc.property(objects, (sample) => {
        const object = trip.objectOf(sample);
        fc.pre(trip.invalidity(from, object) === undefined);
        return trip.problemOf(object) === undefined;
      });
      let sample: JsonValue | undefined;
      let isUntried = false;
      for (let part = 0; part < PARTS && sample === undefined && !isUntried; part += 1) {
        await pause?.();
        const details = fc.check(property, { numRuns: RUNS_OF_PART, seed: SEED + part, maxSkipsPerRun: 50 });
        sample = details.counterexample?.[0];
        isUntried = details.failed && sample === undefined;
      }
      if (isUntried) {
        const invalid = fc
          .sample(objects, { numRuns: RUNS_OF_PART, seed: SEED })
          .map((each) => trip.invalidity(from, trip.objectOf(each)));
        const [error] = invalid.filter((each) => each !== undefined);
        untried.push({ version, direction, example: `${error?.field}: ${error?.message}` });
      }
      if (sample === undefined) continue;
      const object = trip.objectOf(sample);
      faults.push({ version, direction, spec: object['spec'] ?? null, message: trip.problemOf(object) ?? '' });
    }
  }
  return { faults, untried };
}

/** The expressions of both directions of a version. */
function expressionsOf({ program }: Converter, version: string): string[] {
  const { toHub, fromHub } = getOwn(program.versions, version) ?? { toHub: { fields: [] }, fromHub: { fields: [] } };
  return [toHub, fromHub].flatMap(({ fields, whole = '' }: DirectionRules) => [
    whole,
    ...fields.map(({ cel = '' }) => cel),
  ]);
}

/** The number of parts for each version and direction, and the number of objects between two pauses. */
const [PARTS, RUNS_OF_PART] = [8, 25];

/** The way from one version to another one and back. */
class RoundTrip {
  readonly #converter: Converter;
  readonly #from: string;
  readonly #to: string;
  readonly #rules: Pick<RoundTripOptions, 'evaluateRules'>;

  constructor(converter: Converter, from: string, to: string, rules: Pick<RoundTripOptions, 'evaluateRules'>) {
    this.#converter = converter;
    this.#from = from;
    this.#to = to;
    this.#rules = rules;
  }

  /** The schema of the parts that are generated: always the spec, and sometimes the status. */
  get parts(): Schema {
    const { spec = ANY_OBJECT, status = ANY_OBJECT } = this.#converter.schemaOf(this.#from).properties ?? {};
    return { type: 'object', required: ['spec'], properties: { spec, status } };
  }

  /** The object with generated parts and the defaults of its version. */
  objectOf(sample: JsonValue): JsonObject {
    const object = {
      apiVersion: this.#converter.apiVersionOf(this.#from),
      kind: this.#converter.kind,
      metadata: { name: 'example', namespace: 'default' },
      ...(sample as JsonObject),
    };
    return StructuralSchema.applyDefaults(this.#converter.schemaOf(this.#from), object) as JsonObject;
  }

  /** The first reason for which an API server refuses the spec of an object. */
  invalidity(version: string, object: JsonObject): FieldError | undefined {
    return specError(this.#converter.schemaOf(version), object, this.#rules);
  }

  /** What happens to the object on its way; `undefined` when it comes back as it was. */
  problemOf(object: JsonObject): string | undefined {
    const there = this.#convert(object, this.#to);
    if (typeof there === 'string') return there;
    const seen = shortJson(there['spec']);
    const invalid = this.invalidity(this.#to, there);
    if (invalid !== undefined)
      return `in ${this.#to} it is ${seen}, which is invalid: ${invalid.field}: ${invalid.message}`;
    const back = this.#convert(there, this.#from);
    if (typeof back === 'string') return `in ${this.#to} it is ${seen}, which cannot be converted back: ${back}`;
    if (jsonEquals(object['spec'] ?? null, back['spec'] ?? null)) return undefined;
    return `in ${this.#to} it is ${seen}, and comes back as ${shortJson(back['spec'])}`;
  }

  #convert(object: JsonObject, version: string): JsonObject | string {
    try {
      return this.#converter.convert(object as KubeObject, this.#converter.apiVersionOf(version));
    } catch (thrown) {
      if (thrown instanceof ConversionError) return thrown.message;
      throw thrown;
    }
  }
}

const ANY_OBJECT: Schema = { type: 'object' };

const shortJson = (value: JsonValue | undefined): string => cutText(stringifyJson(value ?? null), 300);
