/** An optional peer: what is used of it is checked when it is loaded (`alchemy-package.ts`). */
declare module 'alchemy' {
  const nothingIsKnown: unknown;
  export default nothingIsKnown;
}
