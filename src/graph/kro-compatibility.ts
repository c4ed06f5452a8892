/**
 * The line of kro's releases whose visible behaviour the compiler, the controller and direct mode follow where the two
 * lines differ: `0.10` is that of kro's graph engine.
 */
export type KroCompatibility = '0.9' | '0.10';

/** The level without an option. */
export const DEFAULT_KRO_COMPATIBILITY: KroCompatibility = '0.9';

/** All levels, oldest first. */
export const KRO_COMPATIBILITY_LEVELS: readonly KroCompatibility[] = ['0.9', '0.10'];
