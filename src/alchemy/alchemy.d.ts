/** An optional peer. `alchemy-package.ts` checks the members that are used when it loads the package. */
declare module 'alchemy' {
  const nothingIsKnown: unknown;
  export default nothingIsKnown;
}
