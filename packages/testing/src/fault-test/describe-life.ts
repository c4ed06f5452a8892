import type { LifeFailure } from './model.ts';

/**
 * The lines below the title of a failure: the expectation, the received state, the reason, the time, and the last
 * events.
 */
export function lifeFailureLines(
  { expected, received, because, atMs, events }: LifeFailure,
  paint: { readonly good: (text: string) => string; readonly bad: (text: string) => string },
): string[] {
  return [
    `     expected  ${paint.good(expected)}`,
    `     received  ${paint.bad(received)}`,
    ...(because === undefined ? [] : [`     because   ${because}`]),
    `     when      at t=${atMs / 1000}s of virtual time`,
    ...events.map(
      ({ atMs: at, text }, index) => `     ${index === 0 ? 'before  ' : '        '}  t=${at / 1000}s  ${text}`,
    ),
  ];
}
