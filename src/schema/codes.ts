import type { CodeInfo } from '../core/index.ts';
import { conversionCodes } from './codes-conversion.ts';
import { simpleSchemaCodes } from './codes-simple.ts';

/** All codes of diagnostics that reading and converting schemas can give. */
export const schemaCodes: readonly CodeInfo[] = [...simpleSchemaCodes, ...conversionCodes];
