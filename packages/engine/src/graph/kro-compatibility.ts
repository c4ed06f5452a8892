/**
 * A release line of kro (a level). Where the two lines differ, the compiler, the controller and direct mode behave like
 * this line. `0.10` is the line with kro's graph engine.
 */
export type KroCompatibility = '0.9' | '0.10';

/**
 * Does the level follow kro's graph engine, which kro 0.10 has and kro 0.9 does not have? Most differences between the
 * two levels depend on it: waves and the order of applies; conditions and their messages; labels of long names; empty
 * status fields; optional conditions; reserved names; contributions; the states of conflicts and deletions. Only the
 * scanner of expressions and the messages about nodes have separate tables for each level.
 */
export function followsGraphEngine(level: KroCompatibility): boolean {
  return level !== '0.9';
}

/** The other of the two levels. */
export function otherLevel(level: KroCompatibility): KroCompatibility {
  return followsGraphEngine(level) ? '0.9' : '0.10';
}

/** The levels, and what follows from a level. */
export const KroLevel = {
  /** That of the newest line of kro. */
  DEFAULT: '0.10' as KroCompatibility,
  /** All levels, oldest first. */
  LEVELS: ['0.9', '0.10'] as readonly KroCompatibility[],
  followsGraphEngine,
};
