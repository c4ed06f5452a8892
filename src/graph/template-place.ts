import type { PathStep } from './model.ts';
import { appendStep } from './path.ts';

/** Maximum of cached places below one root; others are created each time. */
const KEPT = 10_000;

/**
 * A place in templates. The templates of one definition are walked from the same root, so that resources
 * with the same fields share their paths and the texts of them.
 */
export class TemplatePlace {
  readonly #above: { readonly place: TemplatePlace; readonly step: PathStep } | undefined;
  readonly #budget: { left: number };
  readonly #below = new Map<PathStep, TemplatePlace>();
  #steps: readonly PathStep[] | undefined;
  #text: string | undefined;

  /** Without `above`: the root. */
  constructor(above?: { readonly place: TemplatePlace; readonly step: PathStep }) {
    this.#above = above;
    this.#budget = above === undefined ? { left: KEPT } : above.place.#budget;
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
