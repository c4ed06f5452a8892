import { type KubeObject, definedMembers } from '@typekro/kit/core';
import { type AdoptionPolicy, keys } from '@typekro/engine/runtime';
import { type Allowance, parseAllowance } from '../rollout/canary.ts';
import { type ServiceAccountRef, parseServiceAccount } from '../acting-identity.ts';

const ADOPTION = 'typekro.dev/adoption';
/** The annotation that names the ServiceAccount of a definition, as `namespace/name`. */
export const SERVICE_ACCOUNT_ANNOTATION = 'typekro.dev/service-account';

const CANARY = 'typekro.dev/canary';
const NAMESPACES = 'typekro.dev/namespaces';
const EXPLAIN = 'typekro.dev/explain';
const BUDGET = 'typekro.dev/cel-budget';

/**
 * The maximum of `typekro.dev/cel-budget`, in cost units: five times the default. An expression is evaluated without
 * interruption, and a leader that is busy for longer than the duration of its Lease loses the Lease.
 */
const MAX_BUDGET = 10_000_000;

const WORDS: ReadonlyMap<string, AdoptionPolicy> = new Map([
  ['adopt', 'adopt'],
  ['refuse', 'refuse'],
  ['take-over', 'takeOver'],
]);

/** The policies that a definition's annotations set for its instances. */
export interface Policies {
  /** The default policy of `typekro.dev/adoption`, for nodes that are not in `nodeAdoption`. */
  readonly adoption?: AdoptionPolicy;
  readonly nodeAdoption: ReadonlyMap<string, AdoptionPolicy>;
  /** The ServiceAccount that the controller impersonates to read and write children. */
  readonly serviceAccount?: ServiceAccountRef;
  /** The number or percentage of instances that get a new revision first. `undefined`: all instances get it at once. */
  readonly canary?: Allowance;
  /** May templates put objects outside the instance's namespace? `undefined`: the option of the controller decides. */
  readonly namespaces?: 'any' | 'instance';
  /** The maximum cost of one expression. */
  readonly budget?: number;
  /** Adds node reports to the status of every instance. */
  readonly explain?: true;
  /**
   * The annotations with invalid values. A definition with such annotations is not served, because a guess could grant
   * too many rights.
   */
  readonly invalid: readonly InvalidAnnotation[];
}

/** An annotation with a value that the controller refuses. */
export interface InvalidAnnotation {
  readonly annotation: string;
  readonly message: string;
}

/** The errors of invalid annotations, each with the name of its annotation. */
export function annotationProblems({ invalid }: Pick<Policies, 'invalid'>): string[] {
  return invalid.map(({ annotation, message }) => `annotation ${annotation}: ${message}`);
}

/**
 * Parses the policies of a definition:
 *
 * - `typekro.dev/adoption: refuse, database=take-over`: what happens to existing objects, by default and per node;
 * - `typekro.dev/service-account: team-a/deployer`: the ServiceAccount that the controller impersonates to read and
 *   write children;
 * - `typekro.dev/canary: 3` or `10%`: the number or percentage of instances that get a new revision first;
 * - `typekro.dev/namespaces: instance` or `any`: where templates may put objects;
 * - `typekro.dev/explain: "true"` or `"false"`: node reports in the status of every instance;
 * - `typekro.dev/cel-budget: 100000`: the maximum cost of one expression.
 *
 * Also reports an unknown value of `typekro.dev/deletion-policy`, which `readDefinitionObject` reads.
 */
export function readPolicies(object: KubeObject): Policies {
  const annotations = object.metadata.annotations ?? {};
  const read = (key: string) => (Object.hasOwn(annotations, key) ? annotations[key] : undefined);
  const invalid: InvalidAnnotation[] = [];
  const nodeAdoption = new Map<string, AdoptionPolicy>();
  let adoption: AdoptionPolicy | undefined;
  for (const entry of (read(ADOPTION) ?? '').split(',').map((text) => text.trim())) {
    if (entry === '') continue;
    const [node, word] = splitEntry(entry);
    const policy = WORDS.get(word);
    if (policy === undefined)
      invalid.push({ annotation: ADOPTION, message: `"${entry}": the policy must be adopt, refuse or take-over` });
    else if (node === '')
      invalid.push({ annotation: ADOPTION, message: `"${entry}": the id of a node must precede =` });
    else if (node === undefined) adoption = policy;
    else nodeAdoption.set(node, policy);
  }
  const account = read(SERVICE_ACCOUNT_ANNOTATION);
  const serviceAccount = account === undefined ? undefined : parseServiceAccount(account.trim());
  if (account !== undefined && serviceAccount === undefined) {
    invalid.push({ annotation: SERVICE_ACCOUNT_ANNOTATION, message: `"${account}" is not written as namespace/name` });
  }
  const one = <T>(key: string, parse: (text: string) => T | undefined, form: string): T | undefined => {
    const text = read(key);
    const value = text === undefined ? undefined : parse(text.trim());
    if (text !== undefined && value === undefined)
      invalid.push({ annotation: key, message: `"${text}" is not ${form}` });
    return value;
  };
  const canary = one(CANARY, parseAllowance, 'a number of instances or a percentage, above 0');
  const namespaces = one(NAMESPACES, parseNamespaces, 'any or instance');
  const budget = one(BUDGET, parseBudget, `a whole number from 1 to ${MAX_BUDGET}`);
  const explain = one(EXPLAIN, parseBoolean, 'true or false');
  one(keys.DELETION_POLICY_ANNOTATION, (text) => (text === 'wait' ? text : undefined), 'wait');
  return {
    ...definedMembers({ canary, namespaces }),
    ...(explain === true ? { explain } : {}),
    ...definedMembers({ budget, adoption }),
    nodeAdoption,
    ...(serviceAccount === undefined ? {} : { serviceAccount }),
    invalid,
  };
}

/**
 * The maximum cost of one expression: the lower one of the definition's budget and the operator's limit, or the one
 * that is set. Undefined if neither is set; the default then applies.
 */
export function expressionBudget({ budget }: Pick<Policies, 'budget'>, limit: number | undefined): number | undefined {
  return limit === undefined || budget === undefined ? (budget ?? limit) : Math.min(budget, limit);
}

function parseNamespaces(text: string): 'any' | 'instance' | undefined {
  return text === 'any' || text === 'instance' ? text : undefined;
}

/** Splits `node=policy` at the first `=`. Without `=`, the whole entry is the policy. */
function splitEntry(entry: string): readonly [node: string | undefined, word: string] {
  const at = entry.indexOf('=');
  return at < 0 ? [undefined, entry] : [entry.slice(0, at).trim(), entry.slice(at + 1).trim()];
}

function parseBoolean(text: string): boolean | undefined {
  return text === 'true' || text === 'false' ? text === 'true' : undefined;
}

function parseBudget(text: string): number | undefined {
  return /^[1-9]\d*$/.test(text) && Number(text) <= MAX_BUDGET ? Number(text) : undefined;
}
