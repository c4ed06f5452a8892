/** As much of undici as is used, for bundlers. */
export { ProxyAgent } from 'undici';
