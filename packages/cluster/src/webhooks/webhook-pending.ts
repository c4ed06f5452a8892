/**
 * Thrown by a write that needs the response of a webhook. `answered` waits for the response; then the write must run
 * again.
 */
export class WebhookPending extends Error {
  readonly answered: () => Promise<void>;

  constructor(answered: () => Promise<void>) {
    super('the write waits for a webhook');
    this.answered = answered;
  }
}

/** Thrown by a write that needs the decision of an admission webhook. */
export class AdmissionPending extends WebhookPending {}

/** Thrown by a write that needs a conversion webhook to convert an object to another version. */
export class ConversionPending extends WebhookPending {}

/**
 * Returns the result of a function that converts objects and has no effects. If an object is not converted yet, waits
 * for its conversion and calls the function again.
 */
export async function afterConversions<Result>(convert: () => Result | Promise<Result>): Promise<Result> {
  for (;;) {
    try {
      return await convert();
    } catch (thrown) {
      if (!(thrown instanceof ConversionPending)) throw thrown;
      await thrown.answered();
    }
  }
}
