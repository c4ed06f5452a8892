import type { JsonObject, JsonValue, KubeObject } from '../../core/index.ts';
import { jsonEquals, parseApiVersion } from '../../core/index.ts';
import type { ClusterClock } from '../clock.ts';
import { conflict } from '../errors/status.ts';
import type { ServiceAddresses } from '../kinds/service-addresses.ts';
import { copyJson } from '../types/copy.ts';
import type { UncheckedObjectStore } from '../types/lookup.ts';
import type { WriteAdmission, WriteRequest, WriteServices } from '../verbs/write.ts';
import { AddressLedger } from './address-ledger.ts';
import type { AdmissionAttributes, AdmissionContext, Operation } from './attributes.ts';
import { isExempt, isNamespaces } from './attributes.ts';
import { AdmissionPending } from './pending.ts';
import { mutateByPolicies } from './mutating-policies.ts';
import { validateByPolicies } from './policies.ts';
import { isMutated, mutateByWebhooks, validateByWebhooks, validatingCalls } from './webhooks.ts';

/** What an admitted write uses of the cluster. */
export interface AdmittedContext extends AdmissionContext, WriteServices {
  readonly store: UncheckedObjectStore;
}

/** A decision that took time: the object after it, and its warnings; or the refusal. */
type Outcome =
  | { readonly object: KubeObject | undefined; readonly warnings: readonly string[] }
  | { readonly refusal: unknown; readonly warnings: readonly string[] };

interface Decided {
  readonly phase: 'mutate' | 'validate';
  readonly attributes: AdmissionAttributes;
  readonly outcome: Outcome;
}

/**
 * The decisions about one write, over all its runs. A decision counts for the next run only when the write then has the
 * same objects: after a change by another client, the webhooks are asked again.
 */
export class AdmissionSession implements WriteAdmission {
  readonly #context: AdmittedContext;
  readonly #addresses: AddressLedger;
  readonly #clock: ClusterClock;
  readonly #decided: Decided[] = [];
  /** The random texts of the first run, and the number of those that the present run has used. */
  readonly #texts: string[] = [];
  #used = 0;
  /** Is the name generated? The request then has none. */
  #isNameGenerated = false;

  constructor(context: AdmittedContext) {
    this.#context = context;
    this.#addresses = new AddressLedger(context.addresses);
    const { clock } = context;
    const start = clock.now();
    this.#clock = { now: () => start, setTimer: (...timer) => clock.setTimer(...timer) };
  }

  /** The services of the next run. Time, uids and addresses are those of the first run. */
  begin(): Pick<WriteServices, 'admission' | 'clock' | 'newUid'> & { readonly addresses: ServiceAddresses } {
    this.#used = 0;
    this.#addresses.begin();
    return {
      admission: this,
      clock: this.#clock,
      addresses: this.#addresses,
      newUid: () => this.once(this.#context.newUid),
    };
  }

  once(make: () => string): string {
    const known = this.#texts[this.#used];
    this.#used += 1;
    if (known !== undefined) return known;
    const text = make();
    this.#texts.push(text);
    return text;
  }

  mutate(write: WriteRequest, object: KubeObject, old: KubeObject | undefined): KubeObject {
    this.#isNameGenerated = old === undefined && (object.metadata.name ?? '') === '';
    if (isExempt(write.resource) || write.reviewed !== undefined) return object;
    const attributes = this.#attributes(write, old === undefined ? 'CREATE' : 'UPDATE', object, old);
    const changed = this.#changed(attributes, object, write.warnings);
    // The write changes its object, and the decision keeps another one for later runs.
    return changed === object ? object : (copyJson(changed as unknown as JsonObject) as unknown as KubeObject);
  }

  /** The object after the mutating policies and webhooks. Policies that ask for it see the object again at the end. */
  #changed(attributes: AdmissionAttributes, object: KubeObject, warnings: string[]): KubeObject {
    const first = mutateByPolicies(this.#context, attributes, object);
    const changed = this.#mutated({ ...attributes, object: first.object }, warnings) ?? first.object;
    if (changed === object || first.again.size === 0) return changed;
    return mutateByPolicies(this.#context, attributes, changed, first.again).object;
  }

  validate(write: WriteRequest, object: KubeObject, old: KubeObject | undefined): void {
    if (isExempt(write.resource)) return;
    const { reviewed = (same: KubeObject) => same } = write;
    const operation = old === undefined ? 'CREATE' : 'UPDATE';
    const before = old === undefined ? undefined : reviewed(old);
    this.#validated(this.#attributes(write, operation, reviewed(object), before), write.warnings);
  }

  admitDelete(write: WriteRequest, old: KubeObject): void {
    if (isExempt(write.resource)) return;
    const attributes = this.#attributes(write, 'DELETE', undefined, old);
    this.#mutated(attributes, write.warnings);
    this.#validated(attributes, write.warnings);
  }

  admitRequest(write: WriteRequest, operation: 'CONNECT' | 'CREATE', object: KubeObject): void {
    const attributes = this.#attributes(write, operation, object, undefined);
    this.#mutated(attributes, write.warnings);
    this.#validated(attributes, write.warnings);
  }

  #mutated(attributes: AdmissionAttributes, warnings: string[]): KubeObject | undefined {
    if (!isMutated(this.#context, attributes)) return attributes.object;
    return this.#decide('mutate', attributes, warnings, (said) => mutateByWebhooks(this.#context, attributes, said));
  }

  #validated(attributes: AdmissionAttributes, warnings: string[]): void {
    validateByPolicies(this.#context, attributes, warnings);
    const calls = validatingCalls(this.#context, attributes);
    if (calls.length === 0) return;
    this.#decide('validate', attributes, warnings, async (said) => {
      await validateByWebhooks(this.#context, attributes, calls, said);
      return attributes.object;
    });
  }

  /** The known decision. Without one, throws `AdmissionPending`, whose `answered` makes the decision. */
  #decide(
    phase: Decided['phase'],
    attributes: AdmissionAttributes,
    warnings: string[],
    ask: (warnings: string[]) => Promise<KubeObject | undefined>,
  ): KubeObject | undefined {
    const known = this.#decided.find((decided) => decided.phase === phase && isSame(decided.attributes, attributes));
    if (known === undefined) throw new AdmissionPending(() => this.#answer(phase, attributes, ask));
    warnings.push(...known.outcome.warnings);
    if ('refusal' in known.outcome) throw known.outcome.refusal;
    return known.outcome.object;
  }

  async #answer(
    phase: Decided['phase'],
    attributes: AdmissionAttributes,
    ask: (warnings: string[]) => Promise<KubeObject | undefined>,
  ): Promise<void> {
    const warnings: string[] = [];
    let outcome: Outcome;
    try {
      outcome = { object: await ask(warnings), warnings };
    } catch (refusal) {
      outcome = { refusal, warnings };
    }
    this.#decided.push({ phase, attributes, outcome });
  }

  #attributes(
    write: WriteRequest,
    operation: Operation,
    object: KubeObject | undefined,
    old: KubeObject | undefined,
  ): AdmissionAttributes {
    const { resource, subresource, user, options } = write;
    const shown = object ?? old;
    const name = this.#isNameGenerated && operation === 'CREATE' ? '' : write.name || (shown?.metadata.name ?? '');
    return {
      operation,
      resource,
      subresource,
      kind: shown === undefined ? resource : { ...parseApiVersion(shown.apiVersion), kind: shown.kind },
      name,
      namespace: isNamespaces(resource) ? write.name : write.namespace,
      object,
      old,
      user,
      dryRun: options.dryRun,
      options: optionsOf(write, operation),
    };
  }
}

const OPTIONS: Readonly<Record<Operation, string | undefined>> = {
  CONNECT: undefined,
  CREATE: 'CreateOptions',
  UPDATE: 'UpdateOptions',
  DELETE: 'DeleteOptions',
};

/** The options of a request, as webhooks get them. A connection has none. */
function optionsOf({ options, optionsKind }: WriteRequest, operation: Operation): JsonObject {
  const kind = operation === 'DELETE' ? OPTIONS.DELETE : (optionsKind ?? OPTIONS[operation]);
  if (kind === undefined) return {};
  const { dryRun, manager, fieldValidation, force } = options;
  return {
    kind,
    apiVersion: 'meta.k8s.io/v1',
    ...(dryRun ? { dryRun: ['All'] } : {}),
    ...(operation === 'DELETE'
      ? {}
      : {
          ...(force && kind === 'PatchOptions' ? { force } : {}),
          ...(manager === '' ? {} : { fieldManager: manager }),
          fieldValidation,
        }),
  };
}

/** Is it the same question? The answer of a webhook depends on nothing else of the request. */
function isSame(a: AdmissionAttributes, b: AdmissionAttributes): boolean {
  return (
    a.operation === b.operation &&
    a.resource === b.resource &&
    a.subresource === b.subresource &&
    a.name === b.name &&
    isSameObject(a.object, b.object) &&
    isSameObject(a.old, b.old)
  );
}

const isSameObject = (a: KubeObject | undefined, b: KubeObject | undefined): boolean =>
  a === b || jsonEquals(a as unknown as JsonValue, b as unknown as JsonValue);

/** The maximum number of runs of a write. Other clients that change its object again and again use them up. */
const MAX_RUNS = 10;

/**
 * Runs a write. When it needs the answer of a webhook, the write stops without an effect, and runs again with the answer.
 * The store therefore never waits, and no write needs a lock.
 *
 * @throws ApiError 409 when other clients change the object during each run.
 */
export async function withAdmission<Context extends AdmittedContext, Result>(
  context: Context,
  warnings: string[],
  attempt: (context: Context) => Result | Promise<Result>,
): Promise<Result> {
  const session = new AdmissionSession(context);
  const before = warnings.length;
  for (let runs = 1; ; runs++) {
    try {
      return await attempt({ ...context, ...session.begin() });
    } catch (thrown) {
      if (!(thrown instanceof AdmissionPending)) throw thrown;
      if (runs === MAX_RUNS)
        throw conflict(
          { group: '', plural: 'objects' },
          '',
          'the object changes too often while webhooks decide about it; please try again',
        );
      warnings.length = before;
      await thrown.answered();
    }
  }
}
