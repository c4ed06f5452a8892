import type { CodeInfo } from '@typekro/kit/core';
import { expressionCodes } from './codes-expressions.ts';
import { graphCodes } from './codes-graph.ts';
import { structureCodes } from './codes-structure.ts';
import { warningCodes } from './codes-warnings.ts';
import { yamlCodes } from './codes-yaml.ts';

/**
 * All codes of the diagnostics that reading and compiling definitions can report, except those of SimpleSchema
 * (`simpleschema/…`).
 */
export const diagnosticCodes: readonly CodeInfo[] = [
  ...yamlCodes,
  ...structureCodes,
  ...graphCodes,
  ...expressionCodes,
  ...warningCodes,
];
