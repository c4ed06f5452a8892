import type { CelType, Environment, FunctionDeclaration, Value, ValueObject } from '@typekro/cel';
import { createEnvironment, DYN, EvalFailure, fail, KRO_LIBRARIES, nowLibrary, OMIT, finiteJson } from '@typekro/cel';
import type { JsonObject, JsonValue, KubeObject } from '@typekro/kit/core';
import { setOwn, yamlLibrary, parseJson, shippedDefinitionsText } from '@typekro/kit/core';
import { asObject, labelSelectorMatcher, statusCondition } from '@typekro/kit/kubernetes';
import type { StandIn, StandInCondition, StandInKind, StandInResult, StandInView } from '../../stand-in.ts';
import { type Template, compileTemplate, Variables } from './compile-template.ts';

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
  /** CustomResourceDefinitions, and API groups whose definitions the package ships. */
  readonly definitions?: readonly (string | KubeObject)[];
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
 * @param path of a user's file; all its expressions are compiled at once
 * @throws TypeKroError `cluster/invalid-stand-in` for an expression that does not compile
 */
export function dataStandIn(
  name: string,
  text: string,
  functions: Record<string, StandInFunction> = {},
  path?: string,
): StandIn {
  const data = yamlLibrary().parse(text) as DataStandIn;
  const { definitions = [] } = data;
  const language = new Language(path ?? name, data, functions);
  return {
    name,
    definitions: () => [
      ...shippedDefinitions(...definitions.filter((each) => typeof each === 'string')),
      ...definitions.filter((each) => typeof each !== 'string'),
    ],
    kinds: data.kinds.flatMap((kind, index) => {
      const { kinds = [undefined], let: _let, finalizer, reconcile: _reconcile, finalize, ...members } = kind;
      const rules = new Rules(language, kind, `${path ?? name}: kinds[${index}]`);
      if (path !== undefined) rules.compile();
      const shared: StandInKind = {
        ...members,
        ...(finalizer === undefined ? {} : { finalizer: (object) => rules.finalizer(object) }),
        reconcile: (object, view) => rules.decide('reconcile', object, view),
        ...(finalize === undefined ? {} : { finalize: (object, view) => rules.decide('finalize', object, view) }),
      };
      return kinds.map((each) => (each === undefined ? shared : { ...shared, kind: each }));
    }),
  };
}

const dynamic = (names: readonly string[]): Record<string, CelType> =>
  Object.fromEntries(names.map((name) => [name, DYN]));

function jsonOf(value: Value): JsonValue {
  const json = finiteJson(value);
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
  /** Names the file in errors. */
  readonly #source: string;
  readonly #bodies: (() => void)[] = [];
  /** The variables and the view of the present decision. */
  variables = new Variables([], 0, () => null);
  view: StandInView | undefined;

  constructor(
    source: string,
    { let: lets = {}, functions = {} }: DataStandIn,
    provided: Record<string, StandInFunction>,
  ) {
    this.#source = source;
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
                selector !== null && labelSelectorMatcher(asObject(jsonOf(selector)))(asObject(jsonOf(labels))),
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

  /** Compiles the functions of the file. Each of them may call every other function. */
  compile(): void {
    for (const body of this.#bodies.splice(0)) body();
  }

  #templateFunction(signature: string, body: JsonValue): FunctionDeclaration {
    const [name = '', ...parameters] = signature.match(/\w+/g) ?? [];
    let template: Template = () => null;
    this.#bodies.push(() => {
      template = compileTemplate(
        body,
        this.environment.extend(dynamic(parameters)),
        `${this.#source}: functions.${name}`,
      );
    });
    return declare(name, parameters.length, (...args: Value[]) => {
      const own = parameters.map((parameter, index) => [parameter, args[index]] as const);
      return template(new Variables(own, this.variables.now, (each) => this.variables.get(each)));
    });
  }
}

/** A case as templates. */
type Case = ReadonlyMap<string, Template>;

/** The templates of some kinds. */
interface Compiled {
  readonly lets: ReadonlyMap<string, Template>;
  readonly reconcile: readonly Case[];
  readonly finalize: readonly Case[];
  readonly finalizer: Template;
}

/** Decides about the objects of some kinds. Their templates are compiled at the first decision. */
class Rules {
  readonly #language: Language;
  readonly #kind: DataKind;
  readonly #place: string;
  #compiled: Compiled | undefined;

  constructor(language: Language, kind: DataKind, place: string) {
    this.#language = language;
    this.#kind = kind;
    this.#place = place;
  }

  finalizer(object: KubeObject): string {
    return this.#run(object, undefined, ({ finalizer }, variables) => String(finalizer(variables)));
  }

  /** The result of the first case whose `when` is true. A case that has only `when` requests no writes. */
  decide(verb: 'reconcile' | 'finalize', object: KubeObject, view: StandInView): StandInResult | undefined {
    return this.#run(object, view, (compiled, variables) => {
      const found = compiled[verb].find((each) => (each.get('when')?.(variables) ?? true) === true) ?? new Map();
      const result: JsonObject = {};
      const changed: JsonObject = { ...object.status };
      for (const [member, template] of found) {
        if (member === 'when') continue;
        const filled = template(variables);
        if (member === 'status') {
          for (const [name, value] of Object.entries(filled as ValueObject)) {
            if (value === OMIT) delete changed[name];
            else setOwn(changed, name, jsonOf(value ?? null));
          }
        } else if (member === 'conditions') changed['conditions'] = view.conditions(conditionsIn(filled));
        else if (filled !== OMIT) {
          const value = jsonOf(filled);
          result[member] = Array.isArray(value) ? value.flat(2) : value;
        }
      }
      if (found.has('status') || found.has('conditions')) return { ...result, status: changed };
      return Object.keys(result).length === 0 ? undefined : result;
    });
  }

  /** Compiles the templates, if they are not compiled yet. */
  compile(): Compiled {
    return (this.#compiled ??= this.#templates());
  }

  #templates(): Compiled {
    const { let: own = {}, reconcile, finalize = [], finalizer = '' } = this.#kind;
    const { environment, lets } = this.#language;
    this.#language.compile();
    const names = { ...lets, ...own };
    const scope = environment.extend(dynamic(Object.keys(names)));
    const members = (object: JsonObject, place: string) =>
      new Map(
        Object.entries(object).map(([name, value]) => [
          name,
          compileTemplate(value ?? null, scope, `${place}.${name}`),
        ]),
      );
    return {
      lets: members(names, `${this.#place}.let`),
      reconcile: reconcile.map((each, index) => members(each, `${this.#place}.reconcile[${index}]`)),
      finalize: finalize.map((each, index) => members(each, `${this.#place}.finalize[${index}]`)),
      finalizer: compileTemplate(finalizer, scope, `${this.#place}.finalizer`),
    };
  }

  /** Evaluates with the variables of an object. A failed evaluation is a mistake in the file, or in the stored object. */
  #run<Result>(
    object: KubeObject,
    view: StandInView | undefined,
    use: (compiled: Compiled, variables: Variables) => Result,
  ): Result {
    const compiled = this.compile();
    const own = [
      ['object', object],
      ['failure', view?.failure ?? null],
    ] as const;
    // As in the status of objects, times have no fractions of a second.
    const now = Math.floor((view?.now ?? 0) / 1000) * 1000;
    const variables: Variables = new Variables(own, now, (name) => compiled.lets.get(name)?.(variables));
    Object.assign(this.#language, { variables, view });
    try {
      return use(compiled, variables);
    } catch (thrown) {
      if (!(thrown instanceof EvalFailure)) throw thrown;
      const { namespace = '', name = '' } = object.metadata;
      const reasons = [thrown.message, ...variables.problems].join('; ');
      const message = `the stand-in cannot decide about ${object.kind} ${namespace}/${name}: ${reasons}`;
      throw new Error(message, { cause: thrown });
    }
  }
}

/** The CustomResourceDefinitions that the package ships for the given API groups. */
function shippedDefinitions(...groups: readonly string[]): KubeObject[] {
  const lists = parseJson(shippedDefinitionsText()) as unknown as readonly { readonly items: readonly KubeObject[] }[];
  return lists.flatMap(({ items }) => items).filter(({ spec }) => groups.includes(String(spec?.['group'])));
}
