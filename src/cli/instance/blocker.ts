/** An obstacle, and what the user does about it, as sentences. */
export interface Blocker {
  readonly reason: string;
  readonly remedy: string;
}
