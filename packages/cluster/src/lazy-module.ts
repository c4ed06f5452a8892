/** A module that is loaded once per process: at its first use, or earlier in the background. */
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

  /** Returns the loaded module. Throws when the module is not loaded yet. */
  get code(): Code {
    if (this.#code === undefined) throw new Error('a part of the server is used before it was loaded');
    return this.#code;
  }

  /** Loads the module if it is not loaded yet. A call after a failed load tries again. */
  load(): Promise<Code> {
    return (this.#loading ??= this.#load());
  }

  /** Resolves when the running load has ended, even if it fails. Resolves at once when no load is running. */
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
