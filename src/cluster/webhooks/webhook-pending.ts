/** Thrown by a write that needs the answer of a webhook. `answered` waits for the answer. Then the write runs again. */
export class WebhookPending extends Error {
  readonly answered: () => Promise<void>;

  constructor(answered: () => Promise<void>) {
    super('the write waits for a webhook');
    this.answered = answered;
  }
}

/** Thrown by a write that needs the decision of an admission webhook. */
export class AdmissionPending extends WebhookPending {}

/** Thrown by a write that needs an object in another version, which a conversion webhook makes. */
export class ConversionPending extends WebhookPending {}
