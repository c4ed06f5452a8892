import type { CelType, Environment, FunctionDeclaration, Value, ValueObject } from '@typekro/cel';
import { createEnvironment, DYN, EvalFailure, fail, KRO_LIBRARIES, nowLibrary, OMIT, toJson } from '@typekro/cel';
import type { JsonObject, JsonValue, KubeObject } from '@typekro/kit/core';
import { setOwn, yamlLibrary } from '@typekro/kit/core';
import { asObject, statusCondition } from '@typekro/kit/kubernetes';
import { selects } from '../../kinds/selects.ts';
import type { StandIn, StandInCondition, StandInKind, StandInResult, StandInView } from '../../stand-in.ts';
import { shippedDefinitions } from './shipped-definitions.ts';
import type { Template } from './template.ts';
import { compileTemplate, Variables } from './template.ts';

/** A function that CEL cannot express, such as one that signs. Its other arguments are those of the call. */
export type StandInFunction = (view: StandInView, ...args: never[]) => JsonValue;

/** Some kinds of a group for which a stand-in decides in the same way. All members are described in `StandInKind`. */
interface DataKind extends Omit<StandInKind, 'kind' | 'finalizer' | 'reconcile' | 'finalize'> {
  /** Default: all kinds of the group. */
  readonly kinds?: readonly string[];
  /** A template that reads only `object`. */
  readonly finalizer?: string;
  /** Values that the expressions of these kinds can read, in addition to those of the file. */
  readonly let?: JsonObject;
  readonly reconcile: readonly JsonObject[];
  readonly finalize?: readonly JsonObject[];
}

/** The content of a stand-in's file, which `docs/stand-ins.md` describes. */
interface DataStandIn {
  /** The API groups whose shipped definitions the stand-in creates. */
  readonly definitions: readonly string[];
  readonly let?: JsonObject;
  /** Templates with parameters, by their signature, e.g. `covers(pattern, host)`. */
  readonly functions?: JsonObject;
  readonly kinds: readonly DataKind[];
}

/**
 * Reads a stand-in that is data: YAML with CEL in `${…}`, as in a definition. The expressions of a kind are compiled at
 * the first decision about an object of the kind.
 *
 * @param functions further functions for the expressions, by name
 */
export function dataStandIn(name: string, text: string, functions: Record<string, StandInFunction> = {}): StandIn {
  const data = yamlLibrary().parse(text) as DataStandIn;
  const language = new Language(data, functions);
  return {
    name,
    definitions: () => shippedDefinitions(...data.definitions),
    kinds: data.kinds.flatMap((kind, index) => {
      const { kinds = [undefined], let: lets, finalizer, reconcile, finalize, ...members } = kind;
      const rules = new Rules(language, lets, `kinds[${index}]`);
      const shared: StandInKind = {
        ...members,
        ...(finalizer === undefined ? {} : { finalizer: (object) => rules.textOf(finalizer, object) }),
        reconcile: (object, view) => rules.decide(reconcile, object, view),
        ...(finalize === undefined ? {} : { finalize: (object, view) => rules.decide(finalize, object, view) }),
      };
      return kinds.map((each) => (each === undefined ? shared : { ...shared, kind: each }));
    }),
  };
}

const dynamic = (names: readonly string[]): Record<string, CelType> =>
  Object.fromEntries(names.map((name) => [name, DYN]));

function jsonOf(value: Value): JsonValue {
  const json = toJson(value);
  return json.ok ? (json.value ?? null) : fail(json.error);
}

/** The conditions of a list, which may contain further lists. */
const conditionsIn = (list: Value): StandInCondition[] => [jsonOf(list)].flat(3) as unknown as StandInCondition[];

/** A function whose parameters and result have any type. */
function declare(name: string, arity: number, call: (...args: never[]) => unknown): FunctionDeclaration {
  const params = Array.from({ length: arity }, () => DYN);
  return { name, overloads: [{ id: `stand_in_${name}`, params, result: DYN, call: call as () => Value }] };
}

/** The variables and functions of all expressions of a stand-in. */
class Language {
  readonly environment: Environment;
  readonly lets: JsonObject;
  /** The variables and the view of the present decision. */
  variables = new Variables([], 0, () => null);
  view: StandInView | undefined;

  constructor({ let: lets = {}, functions = {} }: DataStandIn, provided: Record<string, StandInFunction>) {
    this.lets = lets;
    const view = () => this.view ?? fail('the cluster cannot be read here');
    this.environment = createEnvironment({
      libraries: [
        ...KRO_LIBRARIES,
        nowLibrary,
        {
          name: 'stand-in',
          functions: [
            declare(
              'get',
              4,
              (apiVersion: string, kind: string, namespace: string, name: string) =>
                view().get({ apiVersion, kind, namespace, name }) ?? null,
            ),
            declare('list', 3, (group: string, kind: string, namespace: string) =>
              view().list({ group, kind }, namespace),
            ),
            declare('completedSteps', 1, (count: number) => view().completedSteps(count)),
            declare('conditions', 2, (wanted: Value, before: Value) =>
              view().conditions(conditionsIn(wanted), jsonOf(before) as JsonObject[]),
            ),
            declare(
              'isTrue',
              2,
              (object: KubeObject | null, type: string) =>
                object !== null && statusCondition(object, type)?.status === 'True',
            ),
            // As in Kubernetes, the selector null selects nothing, and the selector {} selects everything.
            declare(
              'selects',
              2,
              (selector: Value, labels: Value) =>
                selector !== null && selects(asObject(jsonOf(selector)), asObject(jsonOf(labels))),
            ),
            ...Object.entries(functions).map(([signature, body]) => this.#templateFunction(signature, body ?? null)),
            ...Object.entries(provided).map(([name, call]) =>
              declare(name, call.length - 1, (...args: Value[]) => call(view(), ...(args.map(jsonOf) as never[]))),
            ),
          ],
        },
      ],
      variables: dynamic(['object', 'failure', ...Object.keys(lets)]),
    });
  }

  /** A function of the file. Its body is compiled at its first call, because it may call every other function. */
  #templateFunction(signature: string, body: JsonValue): FunctionDeclaration {
    const [name = '', ...parameters] = signature.match(/\w+/g) ?? [];
    let template: Template | undefined;
    return declare(name, parameters.length, (...args: Value[]) => {
      template ??= compileTemplate(body, this.environment.extend(dynamic(parameters)), `functions.${name}`);
      const own = parameters.map((parameter, index) => [parameter, args[index]] as const);
      return template(new Variables(own, this.variables.now, (each) => this.variables.get(each)));
    });
  }
}

const NOTHING: JsonObject = {};

/** Decides about the objects of some kinds. The templates are compiled at their first use. */
class Rules {
  readonly #language: Language;
  readonly #lets: JsonObject;
  readonly #place: string;
  readonly #templates = new Map<unknown, Template>();
  #environment: Environment | undefined;

  constructor(language: Language, lets: JsonObject = {}, place: string) {
    this.#language = language;
    this.#lets = { ...language.lets, ...lets };
    this.#place = place;
  }

  textOf(text: string, object: KubeObject): string {
    return String(this.#run(object, undefined, (variables) => this.#filled(text, variables)));
  }

  /** The result of the first case whose `when` is true. A case that has only `when` requests no writes. */
  decide(cases: readonly JsonObject[], object: KubeObject, view: StandInView): StandInResult | undefined {
    return this.#run(object, view, (variables) => {
      const found = cases.find(({ when = true }) => this.#filled(when, variables) === true) ?? {};
      const { when: _when, status, conditions, ...others } = found;
      const result: JsonObject = {};
      for (const [member, template] of Object.entries(others)) {
        const filled = this.#filled(template ?? null, variables);
        if (filled === OMIT) continue;
        const value = jsonOf(filled);
        result[member] = Array.isArray(value) ? value.flat(2) : value;
      }
      if (status === undefined && conditions === undefined)
        return Object.keys(result).length === 0 ? undefined : result;
      const changed: JsonObject = { ...object.status };
      for (const [member, value] of Object.entries(this.#filled(status ?? NOTHING, variables) as ValueObject)) {
        if (value === OMIT) delete changed[member];
        else setOwn(changed, member, jsonOf(value ?? null));
      }
      if (conditions !== undefined)
        changed['conditions'] = view.conditions(conditionsIn(this.#filled(conditions, variables)));
      return { ...result, status: changed };
    });
  }

  #filled(value: JsonValue, variables: Variables): Value {
    let template = this.#templates.get(value);
    if (template === undefined) {
      this.#environment ??= this.#language.environment.extend(dynamic(Object.keys(this.#lets)));
      template = compileTemplate(value, this.#environment, this.#place);
      this.#templates.set(value, template);
    }
    return template(variables);
  }

  /** Evaluates with the variables of an object. A failed evaluation is a mistake in the file, or in the stored object. */
  #run<Result>(object: KubeObject, view: StandInView | undefined, use: (variables: Variables) => Result): Result {
    const own = [
      ['object', object],
      ['failure', view?.failure ?? null],
    ] as const;
    // As in the status of objects, times have no fractions of a second.
    const now = Math.floor((view?.now ?? 0) / 1000) * 1000;
    const variables: Variables = new Variables(own, now, (name) =>
      Object.hasOwn(this.#lets, name) ? this.#filled(this.#lets[name] ?? null, variables) : null,
    );
    Object.assign(this.#language, { variables, view });
    try {
      return use(variables);
    } catch (thrown) {
      if (!(thrown instanceof EvalFailure)) throw thrown;
      const { namespace = '', name = '' } = object.metadata;
      const reasons = [thrown.message, ...variables.problems].join('; ');
      const message = `the stand-in cannot decide about ${object.kind} ${namespace}/${name}: ${reasons}`;
      throw new Error(message, { cause: thrown });
    }
  }
}
