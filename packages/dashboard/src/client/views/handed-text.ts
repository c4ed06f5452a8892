import type { PlanText } from './plan-text.ts';

let handed: PlanText | undefined;

/** Passes a text to the view of the plan. The page opens this view next. */
export function handText(text: PlanText): void {
  handed = text;
}

/** Takes the text that another view passed. A second call returns nothing. */
export function takeHandedText(): PlanText | undefined {
  const text = handed;
  handed = undefined;
  return text;
}
