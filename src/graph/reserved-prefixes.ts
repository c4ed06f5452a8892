/** The prefix of labels and annotations of kro's API. */
const KRO_PREFIX = 'kro.run/';

/** The prefix of the annotations in which a controller keeps what only it reads. */
export const INTERNAL_PREFIX = 'internal.kro.run/';

/** The prefixes of labels and annotations that templates may not set. */
export const RESERVED_PREFIXES: readonly string[] = [KRO_PREFIX, INTERNAL_PREFIX];
