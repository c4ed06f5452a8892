/** The prefix of labels and annotations of kro's API. */
const KRO_PREFIX = 'kro.run/';

/** The prefix of annotations that only the controller itself reads. */
export const INTERNAL_PREFIX = 'internal.kro.run/';

/** The prefixes of labels and annotations that templates may not set. */
export const RESERVED_PREFIXES: readonly string[] = [KRO_PREFIX, INTERNAL_PREFIX];
