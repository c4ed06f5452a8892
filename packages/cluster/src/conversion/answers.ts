import { type KubeObject, jsonEquals } from '@typekro/kit/core';
import type { ConversionWebhook } from '../crd/parsed-crd.ts';
import type { Conversions } from '../store/stored.ts';
import { ConversionPending } from '../webhooks/webhook-pending.ts';
import { type ConversionContext, convertObjects } from './convert.ts';

interface Answer {
  readonly webhook: ConversionWebhook;
  readonly object: KubeObject;
  readonly apiVersion: string;
  readonly outcome: { readonly converted: KubeObject } | { readonly refusal: unknown };
}

/**
 * The webhook conversions of one write. When the write runs again, it uses the results of the earlier run, so each
 * object is converted only once.
 */
export class ConversionAnswers implements Conversions {
  readonly #context: ConversionContext;
  readonly #answers: Answer[] = [];

  constructor(context: ConversionContext) {
    this.#context = context;
  }

  /**
   * Returns the converted object. Throws `ConversionPending` when the webhook must be called first; the error's
   * `answered` function calls the webhook.
   */
  find(webhook: ConversionWebhook, object: KubeObject, apiVersion: string): KubeObject {
    const known = this.#answers.find(
      (answer) => answer.webhook === webhook && answer.apiVersion === apiVersion && jsonEquals(answer.object, object),
    );
    if (known === undefined) throw new ConversionPending(() => this.#ask(webhook, object, apiVersion));
    if ('refusal' in known.outcome) throw known.outcome.refusal;
    return known.outcome.converted;
  }

  async #ask(webhook: ConversionWebhook, object: KubeObject, apiVersion: string): Promise<void> {
    let outcome: Answer['outcome'];
    try {
      const [converted] = await convertObjects(this.#context, webhook, [object], apiVersion);
      outcome = { converted: converted ?? object };
    } catch (refusal) {
      outcome = { refusal };
    }
    this.#answers.push({ webhook, object, apiVersion, outcome });
  }
}
