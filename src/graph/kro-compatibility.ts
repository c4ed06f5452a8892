/**
 * A line of kro's releases. Where the two lines differ, the compiler, the controller and direct mode show the behaviour
 * of this line. `0.10` is the line with kro's graph engine.
 */
export type KroCompatibility = '0.9' | '0.10';

/** The default level: that of the newest line of kro. */
export const DEFAULT_KRO_COMPATIBILITY: KroCompatibility = '0.10';

/** All levels, oldest first. */
export const KRO_COMPATIBILITY_LEVELS: readonly KroCompatibility[] = ['0.9', '0.10'];

/**
 * Does the level follow kro's graph engine? kro 0.10 has it, and kro 0.9 does not. This one answer decides most
 * differences between the two lines of releases: waves and the order of applies, conditions and their texts, labels of
 * long names, empty fields of the status, optional conditions, reserved names, contributions, and the states of
 * conflicts and deletions. The scanner of expressions and the texts about nodes have tables by level instead.
 */
export function followsGraphEngine(level: KroCompatibility): boolean {
  return level !== '0.9';
}

/** The level of the other line of kro. */
export function otherLevel(level: KroCompatibility): KroCompatibility {
  return followsGraphEngine(level) ? '0.9' : '0.10';
}
