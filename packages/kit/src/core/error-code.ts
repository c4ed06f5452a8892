/** The code of an error of Node, such as `ENOENT`; `undefined` for an error without a code, and for other values. */
export function errorCode(error: unknown): string | undefined {
  const code: unknown = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : undefined;
}
