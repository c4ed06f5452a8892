/** The libraries of `late-libraries.ts` as imports, because bundlers follow imports only. */
import * as re2 from 're2js';
import * as yaml from 'yaml';

export const re2Library = (): typeof re2 => re2;

export const yamlLibrary = (): typeof yaml => yaml;
