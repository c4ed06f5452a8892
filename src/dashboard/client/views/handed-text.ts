import type { PlanText } from './plan-text.ts';

let handed: PlanText | undefined;

/** Gives a text to the plan, which the page opens next. */
export function handText(text: PlanText): void {
  handed = text;
}

/** Takes the text that another view gave, once. */
export function takeHandedText(): PlanText | undefined {
  const text = handed;
  handed = undefined;
  return text;
}
