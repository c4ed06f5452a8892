import { type KubeObject, withGroup } from '@typekro/kit/core';
import { isImmutableRefusal } from '../../instance/immutable-fields.ts';
import { apiFailure, eachEffect, requestApply } from '@typekro/controller/execute';
import { type KubernetesApi, KubeError, systemClock } from '@typekro/kube';
import { type ApplyAction, type ObjectTarget, Failure, keys } from '@typekro/engine/runtime';
import { hasNamespace } from '../../instance/namespaces.ts';
import type { LazyRules } from './rules-server.ts';
import type { WriteAnswer } from './simulate.ts';

/** The dependencies of a checker. */
export interface WriteCheckerOptions {
  readonly api: KubernetesApi;
  /** The server behind `api`: a real API server, or an embedded one with this program's rules. */
  readonly checkedBy: 'server' | 'rules';
  /** Checks the writes that `api` cannot check. */
  readonly rules: LazyRules;
  /** If false, all writes are checked with `rules`. */
  readonly asks: boolean;
  readonly signal: AbortSignal;
}

/** A write to check. */
export type CheckedWrite = Pick<ApplyAction, 'target' | 'desired' | 'manager' | 'subresource' | 'force' | 'uid'>;

/** Checks writes with dry runs, on the cluster's API server or on an embedded one. */
export class WriteChecker {
  readonly limits = new Set<string>();
  readonly #options: WriteCheckerOptions;
  /** Namespaces that writes of the plan create. */
  readonly #namespaces = new Set<string>();
  /** Does the cluster have these namespaces of objects whose kind it does not have? */
  readonly #existing = new Map<string, ReturnType<typeof hasNamespace>>();
  /** The names of CRDs whose schemas the plan changes. The server checks their objects by the old schemas. */
  readonly changedCrds = new Set<string>();
  /** The pairs of kind and namespace that the user may not write. Each is tried only once. */
  readonly #denied = new Set<string>();

  constructor(options: WriteCheckerOptions) {
    this.#options = options;
  }

  /**
   * Checks writes, and returns the results in the same order. Writes into a namespace that this call or an earlier one
   * creates are checked with `rules`.
   */
  async check(writes: readonly CheckedWrite[], manager: string = keys.CHILD_MANAGER): Promise<readonly WriteAnswer[]> {
    for (const { target } of writes) if (isNamespace(target)) this.#namespaces.add(target.name);
    const answers: WriteAnswer[] = Array.from({ length: writes.length }, () => ({ checked: 'none' }));
    const byRules: number[] = [];
    const { asks, checkedBy } = this.#options;
    await eachEffect(systemClock, [...writes.entries()], async ([index, write]) => {
      const answer = asks ? await this.#send(write, manager) : 'rules';
      if (answer === 'rules') byRules.push(index);
      else answers[index] = { checked: checkedBy, ...answer };
    });
    if (byRules.length === 0) return answers;
    byRules.sort((a, b) => a - b);
    const { rules } = this.#options;
    const api = await rules.apiFor(byRules.map((index) => (writes[index] as CheckedWrite).target));
    for (const index of byRules) {
      const write = writes[index] as CheckedWrite;
      const answer = await this.#dryRun(api, write, manager);
      // A 404 means that the embedded server does not know the kind, so the write is not checked.
      const isForeign = 'failure' in answer && answer.failure.code === 404;
      answers[index] = isForeign ? { checked: 'none' } : { checked: 'rules', ...answer };
    }
    return answers;
  }

  /**
   * Returns `rules` when the server cannot check the write: the user lacks the right, a webhook refuses dry runs, the
   * client sends no writes, the schema of the kind changes, or the kind or namespace does not exist yet.
   */
  async #send(write: CheckedWrite, manager: string): Promise<Answer | 'rules'> {
    const { target } = write;
    const { plural, group } = target.type;
    const what = withGroup(plural, group);
    const place = `${what} ${target.namespace ?? ''}`;
    if (this.#denied.has(place) || this.changedCrds.has(what)) return 'rules';
    const answer = await this.#dryRun(this.#options.api, write, manager);
    if (!('failure' in answer)) return answer;
    const { code, reason, message, permission } = answer.failure;
    if (permission !== undefined) {
      this.#denied.add(place);
      const where = target.namespace === undefined ? '' : ` in namespace ${target.namespace}`;
      this.#note(`${what}${where} cannot be written with your rights, and so no dry run was made`, message);
      return 'rules';
    }
    if (code === 400 && /dry[ -]?run/i.test(message)) {
      this.#note(`a webhook does not support a dry run of ${what}`, message);
      return 'rules';
    }
    if (Failure.classOf(answer.failure) === 'not-sent') {
      this.limits.add(`no dry run was made: ${message}`);
      return 'rules';
    }
    // The files may declare the kind, and the embedded server has their CRDs, but also each namespace.
    if (reason === 'UnknownKind') return (await this.#withoutNamespace(target)) ?? 'rules';
    const isLater = code === 404 && this.#namespaces.has(target.namespace ?? '');
    return isLater ? 'rules' : answer;
  }

  /** The API server's answer to a write into a namespace that neither exists nor is created by the plan. */
  async #withoutNamespace({ namespace }: ObjectTarget): Promise<Answer | undefined> {
    if (namespace === undefined || this.#namespaces.has(namespace)) return undefined;
    const { api, signal } = this.#options;
    const known = this.#existing.get(namespace) ?? hasNamespace(api, namespace, signal);
    this.#existing.set(namespace, known);
    const message = `namespaces "${namespace}" not found`;
    return (await known) === false ? { failure: { code: 404, reason: 'NotFound', message } } : undefined;
  }

  /**
   * Adds a limit, with only the first of its messages. Concurrent dry runs of one kind fail with messages that differ
   * only in the names of the objects.
   */
  #note(limit: string, message: string): void {
    if (![...this.limits].some((each) => each.startsWith(`${limit}: `))) this.limits.add(`${limit}: ${message}`);
  }

  async #dryRun(api: KubernetesApi, write: CheckedWrite, manager: string): Promise<Answer> {
    const { signal } = this.#options;
    try {
      // Writes of a Graph set their own field manager.
      const action = write.manager === undefined ? { desired: write.desired, manager } : write;
      return { object: await requestApply({ api, signal, effects: 'dry-run' }, action) };
    } catch (thrown) {
      // An unreachable server ends the plan.
      if (!(thrown instanceof KubeError) || thrown.status === 0 || signal.aborted) throw thrown;
      const failure = apiFailure(thrown, undefined);
      return isImmutableRefusal(thrown) ? { failure, immutable: true } : { failure };
    }
  }
}

type Answer =
  | { readonly object: KubeObject }
  | (Required<Pick<WriteAnswer, 'failure'>> & Pick<WriteAnswer, 'immutable'>);

const isNamespace = ({ type }: ObjectTarget): boolean => type.group === '' && type.kind === 'Namespace';
