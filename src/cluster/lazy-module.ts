/** Code that is loaded when it is first needed, or in the background before that; once per process. */
export class LazyModule<Code> {
  readonly #import: () => Promise<Code>;
  #code: Code | undefined;
  #loading: Promise<Code> | undefined;

  constructor(load: () => Promise<Code>) {
    this.#import = load;
  }

  get loaded(): boolean {
    return this.#code !== undefined;
  }

  /** The code, for callers that run after it was loaded. Throws when it was not. */
  get code(): Code {
    if (this.#code === undefined) throw new Error('a part of the server is used before it was loaded');
    return this.#code;
  }

  /** Loads the code unless it is there; a load that failed is tried again. */
  load(): Promise<Code> {
    return (this.#loading ??= this.#load());
  }

  /** Settles when a load that goes on has ended, either way. */
  async settled(): Promise<void> {
    await Promise.allSettled([this.#loading]);
  }

  async #load(): Promise<Code> {
    try {
      this.#code = await this.#import();
      return this.#code;
    } catch (thrown) {
      this.#loading = undefined;
      throw thrown;
    }
  }
}
