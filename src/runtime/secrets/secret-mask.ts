/** The text in place of a value that can come from a Secret. */
export const SECRET_MASK = '(secret)';
