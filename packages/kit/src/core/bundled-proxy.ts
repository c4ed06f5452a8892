/** The part of undici that the package uses, for bundlers. */
export { ProxyAgent } from 'undici';
