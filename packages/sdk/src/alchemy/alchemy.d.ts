/** An optional peer dependency. `alchemy-package.ts` checks the used members when it loads the package. */
declare module 'alchemy' {
  const nothingIsKnown: unknown;
  export default nothingIsKnown;
}
