import type { CodeInfo } from '@typekro/kit/core';
import { conversionCodes } from './codes-conversion.ts';
import { simpleSchemaCodes } from './codes-simple.ts';

/** The codes of diagnostics about reading and converting schemas. */
export const schemaCodes: readonly CodeInfo[] = [...simpleSchemaCodes, ...conversionCodes];
