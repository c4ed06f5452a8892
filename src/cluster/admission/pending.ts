/** Thrown by a write that needs the answer of a webhook. `answered` gets the answer; then the write runs again. */
export class AdmissionPending extends Error {
  readonly answered: () => Promise<void>;

  constructor(answered: () => Promise<void>) {
    super('the write waits for a webhook');
    this.answered = answered;
  }
}
