import { type KubeObject, parseApiVersion } from '@typekro/kit/core';
import type { ClusterClock } from '../cluster-clock.ts';
import { conflict } from '../errors/api-error.ts';
import { ConversionAnswers } from '../conversion/answers.ts';
import type { ConversionContext } from '../conversion/convert.ts';
import type { ServiceAddresses } from '../kinds/network/service-addresses.ts';
import { copyJson } from '../types/parts.ts';
import type { UncheckedObjectStore } from '../types/lookup.ts';
import { type BodyType, bodyTypeOf } from '../verbs/body.ts';
import type { DeleteRequestOptions } from '../verbs/request-options.ts';
import type { MutatingPlugins, WriteAdmission, WriteRequest, WriteServices } from '../verbs/write.ts';
import { AddressLedger } from './address-ledger.ts';
import type { AdmissionAttributes, AdmissionContext, Operation } from './attributes.ts';
import { isExempt, isNamespaces } from './attributes.ts';
import { Invocations } from './invocations.ts';
import { mutateByPolicies } from './mutating-policies.ts';
import { Decisions, isSameObject } from './decisions.ts';
import { deleteOptionsOf, optionsOf } from './operation-options.ts';
import { AdmissionPending, WebhookPending } from '../webhooks/webhook-pending.ts';
import { validateByPolicies } from './policies.ts';
import type { Call, Mutation } from './webhooks.ts';
import { isMutated, mutateByWebhooks, validateByWebhooks, validatingCalls } from './webhooks.ts';
import { readEntries } from '../fields/entries.ts';

const PROBLEM =
  '.metadata.managedFields was in an invalid state after admission; this could be caused by an outdated mutating admission controller; please fix your requests';

/**
 * Returns the object after admission. If webhooks or policies made its `managedFields` invalid, restores the earlier
 * `managedFields` and adds a warning.
 */
function withValidOwners(before: KubeObject, changed: KubeObject, warnings: string[]): KubeObject {
  if (changed.metadata.managedFields === undefined || readEntries(changed.metadata.managedFields) !== undefined)
    return changed;
  const { managedFields: _, ...metadata } = changed.metadata;
  const { managedFields } = before.metadata;
  warnings.push(PROBLEM);
  return { ...changed, metadata: { ...metadata, ...(managedFields === undefined ? {} : { managedFields }) } };
}

/** The parts of the cluster that an admitted write uses. */
export interface AdmittedContext extends AdmissionContext, WriteServices, ConversionContext {
  readonly store: UncheckedObjectStore;
}

/**
 * The decisions about one write, shared by all its runs. After a change by another client, the webhooks are called again.
 */
export class AdmissionSession implements WriteAdmission {
  readonly #context: AdmittedContext;
  readonly #addresses: AddressLedger;
  readonly #conversions: ConversionAnswers;
  readonly #clock: ClusterClock;
  readonly #policies = {
    mutate: new Decisions<Mutation<KubeObject>>(),
    'mutate again': new Decisions<Mutation<KubeObject>>(),
    validate: new Decisions<void>(),
  };
  readonly #webhooks = {
    mutate: new Decisions<Mutation>(),
    'mutate again': new Decisions<Mutation>(),
    validate: new Decisions<void>(),
  };
  /** The webhooks that must be called, which depends on their match conditions. */
  readonly #called = {
    mutate: new Decisions<boolean>(),
    'mutate again': new Decisions<boolean>(),
    validate: new Decisions<Call[]>(),
  };
  /**
   * The random strings, by use, in the order in which the first run made them. Each later run takes the same strings in
   * this order; `#used` counts those that the present run has taken.
   */
  readonly #texts = { name: [] as string[], uid: [] as string[] };
  #used = { name: 0, uid: 0 };
  /** The target of the last decision of webhooks or policies. */
  target = { group: '', plural: 'objects', name: '' };

  constructor(context: AdmittedContext) {
    this.#conversions = new ConversionAnswers(context);
    this.#context = { ...context, conversions: this.#conversions };
    this.#addresses = new AddressLedger(context.addresses);
    const { clock } = context;
    const start = clock.now();
    this.#clock = { now: () => start, setTimer: (...timer) => clock.setTimer(...timer) };
  }

  /** Returns the services for the next run, with the time, uids and addresses of the first run. */
  begin(): Pick<WriteServices, 'admission' | 'clock' | 'conversions' | 'newUid'> & {
    readonly addresses: ServiceAddresses;
  } {
    this.#used = { name: 0, uid: 0 };
    this.#addresses.begin();
    return {
      admission: this,
      conversions: this.#conversions,
      clock: this.#clock,
      addresses: this.#addresses,
      newUid: () => this.once('uid', this.#context.newUid),
    };
  }

  once(use: 'name' | 'uid', make: () => string): string {
    return (this.#texts[use][this.#used[use]++] ??= make());
  }

  mutate(write: WriteRequest, object: KubeObject, old: KubeObject | undefined, plugins?: MutatingPlugins): KubeObject {
    if (isExempt(write.resource)) return object;
    const { reviewed } = write;
    const shown = reviewed?.show(object) ?? object;
    const before = old === undefined ? undefined : (reviewed?.show(old) ?? old);
    const attributes = this.#attributes(write, old === undefined ? 'CREATE' : 'UPDATE', shown, before);
    const changed = this.#changed(attributes, shown, write.warnings, plugins);
    if (changed === shown) return object;
    return reviewed === undefined ? withValidOwners(object, changed, write.warnings) : reviewed.take(object, changed);
  }

  /**
   * Returns the object after the mutating policies and webhooks. If they changed it, the plugins run again, followed by
   * the policies and webhooks with the reinvocation policy `IfNeeded`.
   */
  #changed(
    attributes: AdmissionAttributes,
    object: KubeObject,
    warnings: string[],
    plugins?: MutatingPlugins,
  ): KubeObject {
    const byPolicies = this.#mutatedByPolicies(attributes, object, warnings);
    const byHooks = this.#mutated({ ...attributes, object: byPolicies.object }, warnings);
    const first = byHooks.object ?? byPolicies.object;
    if (first === object) return object;
    // The write gets a copy, because it modifies its object. The decision keeps the original for later runs.
    let present = copyOf(first);
    plugins?.(present);
    const policies = byPolicies.invocations.repeated(!isSameObject(present, byPolicies.object));
    if (policies.size > 0) present = this.#mutatedByPolicies(attributes, present, warnings, policies).object;
    const hooks = byHooks.invocations.repeated(!isSameObject(present, first));
    if (hooks.size === 0) return present;
    const again = this.#mutated({ ...attributes, object: present }, warnings, hooks).object;
    return again === undefined || again === present ? present : copyOf(again);
  }

  validate(write: WriteRequest, object: KubeObject, old: KubeObject | undefined): void {
    if (isExempt(write.resource)) return;
    const show = write.reviewed?.show ?? ((same: KubeObject) => same);
    const operation = old === undefined ? 'CREATE' : 'UPDATE';
    const before = old === undefined ? undefined : show(old);
    this.#validated(this.#attributes(write, operation, show(object), before), write.warnings);
  }

  admitDelete(write: WriteRequest, old: KubeObject, options: DeleteRequestOptions): void {
    if (isExempt(write.resource)) return;
    const attributes = { ...this.#attributes(write, 'DELETE', undefined, old), options: deleteOptionsOf(options) };
    this.#mutated(attributes, write.warnings);
    this.#validated(attributes, write.warnings);
  }

  admitRequest(
    write: WriteRequest,
    operation: 'CONNECT' | 'CREATE',
    object: KubeObject,
    type: BodyType | undefined,
  ): KubeObject {
    const attributes = this.#attributes(write, operation, object, undefined, type);
    const changed =
      type === undefined
        ? (this.#mutated(attributes, write.warnings).object ?? object)
        : this.#changed(attributes, object, write.warnings);
    this.#validated({ ...attributes, object: changed }, write.warnings);
    return changed;
  }

  #mutatedByPolicies(
    attributes: AdmissionAttributes,
    object: KubeObject,
    warnings: string[],
    only?: ReadonlySet<string>,
  ): Mutation<KubeObject> {
    const present = { ...attributes, object };
    return this.#policies[phaseOf(only)].inTurns(present, warnings, () =>
      mutateByPolicies(this.#context, present, object, only),
    );
  }

  #mutated(attributes: AdmissionAttributes, warnings: string[], only?: ReadonlySet<string>): Mutation {
    const phase = phaseOf(only);
    if (!this.#called[phase].inTurns(attributes, warnings, () => isMutated(this.#context, attributes, only)))
      return { object: attributes.object, invocations: new Invocations() };
    const known = this.#webhooks[phase].of(attributes, warnings, (added) =>
      mutateByWebhooks(this.#context, attributes, added, only),
    );
    // If the webhooks changed nothing, the decision contains the object of an earlier run, which the equal object of
    // this run replaces.
    return known.value.object === known.attributes.object ? { ...known.value, object: attributes.object } : known.value;
  }

  #validated(attributes: AdmissionAttributes, warnings: string[]): void {
    this.#policies.validate.inTurns(attributes, warnings, (added) =>
      validateByPolicies(this.#context, attributes, added),
    );
    const calls = this.#called.validate.inTurns(attributes, warnings, () => validatingCalls(this.#context, attributes));
    if (calls.length === 0) return;
    this.#webhooks.validate.of(attributes, warnings, (added) =>
      validateByWebhooks(this.#context, attributes, calls, added),
    );
  }

  #attributes(
    write: WriteRequest,
    operation: Operation,
    object: KubeObject | undefined,
    old: KubeObject | undefined,
    type = write.reviewed?.type ?? (operation === 'CONNECT' ? undefined : bodyTypeOf(write.resource)),
  ): AdmissionAttributes {
    const { resource, subresource, user, options } = write;
    const shown = object ?? old;
    // A generated name exists only after the mutation.
    const name = write.name || (shown?.metadata.name ?? '');
    this.target = { group: resource.group, plural: resource.plural, name };
    return {
      operation,
      resource,
      subresource,
      kind: shown === undefined ? resource : { ...parseApiVersion(shown.apiVersion), kind: shown.kind },
      type,
      name,
      namespace: isNamespaces(resource) ? name : write.namespace,
      object,
      old,
      user,
      dryRun: options.dryRun,
      options: optionsOf(write, operation),
    };
  }
}

const phaseOf = (only: ReadonlySet<string> | undefined) => (only === undefined ? 'mutate' : 'mutate again');

const copyOf = (object: KubeObject): KubeObject => copyJson(object);

/**
 * The maximum number of decisions that a write waits for: each of the nine kinds of decision, again each time another
 * client changes its object.
 */
const MAX_DECISIONS = 30;

/**
 * The maximum number of conversions that a write waits for. Each version in the object's `managedFields` can require
 * two conversions.
 */
const MAX_CONVERSIONS = 100;

/**
 * Runs a write. A write that needs the response of a webhook stops without an effect, and runs again with the response.
 * The store therefore never waits, and writes need no lock.
 *
 * @throws ApiError 409 when other clients change the object too often.
 */
export async function withAdmission<Context extends AdmittedContext, Result>(
  context: Context,
  warnings: string[],
  attempt: (context: Context) => Result | Promise<Result>,
): Promise<Result> {
  const session = new AdmissionSession(context);
  const before = warnings.length;
  const waits = { decisions: 0, conversions: 0 };
  for (;;) {
    try {
      return await attempt({ ...context, ...session.begin() });
    } catch (thrown) {
      if (!(thrown instanceof WebhookPending)) throw thrown;
      if (thrown instanceof AdmissionPending) waits.decisions += 1;
      else waits.conversions += 1;
      if (waits.decisions > MAX_DECISIONS || waits.conversions > MAX_CONVERSIONS)
        throw conflict(
          session.target,
          session.target.name,
          'the object changes too often while webhooks decide about it; please try again',
        );
      warnings.length = before;
      await thrown.answered();
    }
  }
}
