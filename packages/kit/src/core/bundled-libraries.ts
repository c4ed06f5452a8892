/** The libraries of `late-libraries.ts` as imports, because bundlers follow imports only. */
import * as re2 from 're2js';
import type * as undici from 'undici';
import * as yaml from 'yaml';

export const re2Library = (): typeof re2 => re2;

export const yamlLibrary = (): typeof yaml => yaml;

export const proxyLibrary = (): Promise<Pick<typeof undici, 'ProxyAgent'>> => import('./bundled-proxy.ts');
