import type { KubeObject } from '../../core/index.ts';
import type { AdoptionPolicy } from '../../runtime/index.ts';
import { keys } from '../../runtime/index.ts';
import type { Allowance } from '../rollout/canary.ts';
import { parseAllowance } from '../rollout/canary.ts';
import type { ServiceAccountRef } from '../acting-identity.ts';
import { parseServiceAccount } from '../acting-identity.ts';

const ADOPTION = 'typekro.dev/adoption';
/** The annotation that names the account of a definition, as `namespace/name`. */
export const SERVICE_ACCOUNT_ANNOTATION = 'typekro.dev/service-account';

const CANARY = 'typekro.dev/canary';
const NAMESPACES = 'typekro.dev/namespaces';
const EXPLAIN = 'typekro.dev/explain';
const BUDGET = 'typekro.dev/cel-budget';

const WORDS: ReadonlyMap<string, AdoptionPolicy> = new Map([
  ['adopt', 'adopt'],
  ['refuse', 'refuse'],
  ['take-over', 'takeOver'],
]);

/** The policies for instances in a definition's annotations. */
export interface Policies {
  /** The policy for nodes that the annotation does not name. */
  readonly adoption?: AdoptionPolicy;
  readonly nodeAdoption: ReadonlyMap<string, AdoptionPolicy>;
  /** The account as which children are read and written. */
  readonly serviceAccount?: ServiceAccountRef;
  /** The number or share of instances that get a new revision first. `undefined`: all instances get it at once. */
  readonly canary?: Allowance;
  /** May templates put objects outside the instance's namespace? `undefined`: the option of the controller decides. */
  readonly namespaces?: 'any' | 'instance';
  /** The maximum cost of one expression. */
  readonly budget?: number;
  /** Adds node reports to the status of every instance. */
  readonly explain?: true;
  /**
   * Errors of invalid annotations. A definition with such errors is not served, because a guess could grant too many
   * rights.
   */
  readonly problems: readonly string[];
  /** The same errors, with the names of the annotations. */
  readonly invalid: readonly InvalidAnnotation[];
}

/** An annotation with a value that the controller refuses. */
export interface InvalidAnnotation {
  readonly annotation: string;
  readonly message: string;
}

/**
 * Parses the policies of a definition:
 *
 * - `typekro.dev/adoption: refuse, database=take-over`: what happens to existing objects, by default and per node;
 * - `typekro.dev/service-account: team-a/deployer`: the account as which children are read and written;
 * - `typekro.dev/canary: 3` or `10%`: the number or share of instances that get a new revision first;
 * - `typekro.dev/namespaces: instance` or `any`: where templates may put objects;
 * - `typekro.dev/explain: "true"`: node reports in the status of every instance;
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
    const [first = '', second] = entry.split('=').map((text) => text.trim());
    const policy = WORDS.get(second ?? first);
    if (policy === undefined)
      invalid.push({ annotation: ADOPTION, message: `"${entry}" must be adopt, refuse or take-over` });
    else if (second === undefined) adoption = policy;
    else nodeAdoption.set(first, policy);
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
  const budget = one(BUDGET, parseBudget, 'a whole number above 0');
  one(keys.DELETION_POLICY_ANNOTATION, (text) => (text === 'wait' ? text : undefined), 'wait');
  return {
    ...(canary === undefined ? {} : { canary }),
    ...(namespaces === undefined ? {} : { namespaces }),
    ...(read(EXPLAIN) === 'true' ? { explain: true } : {}),
    ...(budget === undefined ? {} : { budget }),
    ...(adoption === undefined ? {} : { adoption }),
    nodeAdoption,
    ...(serviceAccount === undefined ? {} : { serviceAccount }),
    problems: invalid.map(({ annotation, message }) => `annotation ${annotation}: ${message}`),
    invalid,
  };
}

function parseNamespaces(text: string): 'any' | 'instance' | undefined {
  return text === 'any' || text === 'instance' ? text : undefined;
}

function parseBudget(text: string): number | undefined {
  return /^[1-9]\d{0,14}$/.test(text) ? Number(text) : undefined;
}
