/** The string that replaces a value that can come from a Secret. */
export const SECRET_MASK = '(secret)';
