import type { PathStep } from './model.ts';
import { appendStep } from './path.ts';

/** The maximum number of cached places below one root. Other places are created each time. */
const MAX_CACHED_PLACES = 10_000;

/**
 * The path of a field in templates. All templates of one definition use the same root. Resources with the same fields
 * therefore share the paths and their texts.
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
