import type { PathStep } from './model.ts';
import { appendStep } from './path.ts';

/** The maximum number of cached places below a root. Beyond it, places are created at each request. */
const MAX_CACHED_PLACES = 10_000;

/**
 * The path of a field in templates. All templates of a definition have the same root, so resources with the same fields
 * share the paths and their strings.
 */
export class TemplatePlace {
  readonly #above: { readonly place: TemplatePlace; readonly step: PathStep } | undefined;
  readonly #budget: { left: number };
  readonly #below = new Map<PathStep, TemplatePlace>();
  #steps: readonly PathStep[] | undefined;
  #text: string | undefined;

  /** Without `above`, makes the root. */
  constructor(above?: { readonly place: TemplatePlace; readonly step: PathStep }) {
    this.#above = above;
    this.#budget = above === undefined ? { left: MAX_CACHED_PLACES } : above.place.#budget;
  }

  below(step: PathStep): TemplatePlace {
    let place = this.#below.get(step);
    if (place === undefined) {
      place = new TemplatePlace({ place: this, step });
      if (this.#budget.left > 0) {
        this.#budget.left -= 1;
        this.#below.set(step, place);
      }
    }
    return place;
  }

  /** The steps from the root. */
  get steps(): readonly PathStep[] {
    const above = this.#above;
    return (this.#steps ??= above === undefined ? [] : [...above.place.steps, above.step]);
  }

  /** The path as kro writes it. */
  get text(): string {
    const above = this.#above;
    return (this.#text ??= above === undefined ? '' : appendStep(above.place.text, above.step));
  }
}
